#include "core/sink.h"
#include "suppress/list/columns.h"
#include "suppress/list/format_rows_priv.h"

void format_csv_head(struct buf *out)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		buf_put(out, i ? STR(",") : STR_EMPTY);
		sink_put_csv_field(out, column_name((enum column)i));
	}
	buf_put(out, STR("\r\n"));
}

void format_csv_row(const struct format_entry *entry, struct buf *out)
{
	struct columns columns;

	columns_fill(&columns, entry->row);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		buf_put(out, i ? STR(",") : STR_EMPTY);
		sink_put_csv_field(out, columns.value[i]);
	}
	buf_put(out, STR("\r\n"));
}
