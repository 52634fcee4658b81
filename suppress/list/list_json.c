#include "suppress/list/list_json.h"

#include "core/sink.h"

void list_json_text(struct str text, struct buf *out)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];
		size_t harm = sink_harm(SINK_JSON, str_skip(text, i));

		if (c < ' ')
			buf_printf(out, "\\u%04x", (unsigned)c);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			sink_put(out, SINK_JSON, str_slice(text, i, i + (harm ? harm : 1)));
		i += harm ? harm - 1 : 0;
	}
	buf_putc(out, '"');
}
