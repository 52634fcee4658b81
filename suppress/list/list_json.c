#include "suppress/list/list_json.h"

void list_json_text(struct str text, struct buf *out)
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
