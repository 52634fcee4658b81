#include "suppress/list/columns.h"
#include "suppress/list/format_rows_priv.h"

/* A reader that goes by lines must not be led astray by a line break inside quotes, which RFC 4180 allows. */
static void put_character(char c, struct buf *out)
{
	if (c == '"')
		buf_putc(out, '"');
	buf_putc(out, (unsigned char)c < ' ' || c == 0x7f ? ' ' : c);
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
	for (size_t i = 0; i < text.n; i++)
		put_character(text.p[i], out);
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
