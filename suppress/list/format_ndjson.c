#include "suppress/list/format_ndjson.h"

#include "suppress/list/columns.h"

void format_json_text(struct str text, struct buf *out)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if (c < ' ' || c == 0x7f)
			buf_printf(out, "\\u%04x", (unsigned)c);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			buf_putc(out, text.p[i]);
	}
	buf_putc(out, '"');
}

void format_ndjson_row(const struct store_suppression *row, struct buf *out)
{
	struct columns columns;

	columns_fill(&columns, row);
	for (size_t i = 0; i < COLUMN_COUNT; i++) {
		struct str value = columns.value[i];

		buf_putc(out, i ? ',' : '{');
		format_json_text(column_name((enum column)i), out);
		buf_putc(out, ':');
		if (!value.n)
			buf_put(out, STR("null"));
		else if (column_shape((enum column)i) == SHAPE_TEXT)
			format_json_text(value, out);
		else
			buf_put(out, value);
	}
	buf_put(out, STR("}\n"));
}
