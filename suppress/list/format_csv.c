#include "core/sink.h"
#include "suppress/list/columns.h"
#include "suppress/list/format_rows_priv.h"

/* A reader that goes by lines must not be led astray by a line break inside quotes, which RFC 4180 allows. */
static void put_characters(struct str text, struct buf *out)
{
	while (text.n) {
		size_t n = str_cspan(text, "\"");

		sink_put(out, SINK_CSV, str_head(text, n));
		text = str_skip(text, n);
		if (text.n) {
			buf_put(out, STR("\"\""));
			text = str_skip(text, 1);
		}
	}
}

static bool needs_quotes(struct str text)
{
	return str_cspan(text, ",\"\r\n") < text.n ||
	       (text.n && (text.p[0] == ' ' || text.p[text.n - 1] == ' '));
}

void format_csv_field(struct str text, struct buf *out)
{
	bool quotes = needs_quotes(text);

	if (quotes)
		buf_putc(out, '"');
	put_characters(text, out);
	if (quotes)
		buf_putc(out, '"');
}

void format_csv_head(struct buf *out)
{
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		buf_put(out, i ? STR(",") : STR_EMPTY);
		format_csv_field(column_name((enum column)i), out);
	}
	buf_put(out, STR("\r\n"));
}

void format_csv_row(const struct format_entry *entry, struct buf *out)
{
	struct columns columns;

	columns_fill(&columns, entry->row);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		buf_put(out, i ? STR(",") : STR_EMPTY);
		format_csv_field(columns.value[i], out);
	}
	buf_put(out, STR("\r\n"));
}
