#include "suppress/list/columns.h"
#include "suppress/list/format_rows_priv.h"
#include "suppress/list/list_json.h"

void format_ndjson_row(const struct format_entry *entry, struct buf *out)
{
	struct columns columns;

	columns_fill(&columns, entry->row);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		struct str value = columns.value[i];

		buf_putc(out, i ? ',' : '{');
		list_json_text(column_name((enum column)i), out);
		buf_putc(out, ':');
		if (!value.n)
			buf_put(out, STR("null"));
		else if (column_shape((enum column)i) == SHAPE_TEXT)
			list_json_text(value, out);
		else
			buf_put(out, value);
	}
	buf_put(out, STR("}\n"));
}
