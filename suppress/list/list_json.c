#include "suppress/list/list_json.h"

#include "core/sink.h"

/* What can stand there as it is, and most is. */
static size_t plain_bytes(struct str text)
{
	size_t n = 0;

	while (n < text.n && text.p[n] >= ' ' && text.p[n] <= '~' && text.p[n] != '"' &&
		text.p[n] != '\\')
		n++;
	return n;
}

/* The first character of a text; how many bytes it had. */
static size_t put_other(struct buf *out, struct str text)
{
	unsigned char c = (unsigned char)text.p[0];
	size_t harm = sink_harm(SINK_JSON, text), n = harm ? harm : 1;

	if (c < ' ')
		buf_printf(out, "\\u%04x", (unsigned)c);
	else if (c == '"' || c == '\\')
		buf_printf(out, "\\%c", c);
	else
		sink_put(out, SINK_JSON, str_head(text, n));
	return n;
}

void list_json_text(struct str text, struct buf *out)
{
	buf_putc(out, '"');
	while (text.n) {
		size_t n = plain_bytes(text);

		buf_put(out, str_head(text, n));
		text = str_skip(text, n);
		if (text.n)
			text = str_skip(text, put_other(out, text));
	}
	buf_putc(out, '"');
}
