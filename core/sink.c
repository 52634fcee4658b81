#include "core/sink.h"

#include <string.h>

/* U+0080 to U+009F; U+2028, U+2029. */
static size_t line_harm(const unsigned char *c, size_t n)
{
	if (n >= 2 && c[0] == 0xC2 && c[1] < 0xA0)
		return 2;
	return n >= 3 && c[0] == 0xE2 && c[1] == 0x80 && (c[2] == 0xA8 || c[2] == 0xA9) ? 3 : 0;
}

/* U+061C, U+200E, U+200F, U+202A to U+202E, U+2066 to U+2069: Unicode 15, UAX 9, table 4 and 2.7. */
static size_t direction_harm(const unsigned char *c, size_t n)
{
	if (n >= 2 && c[0] == 0xD8 && c[1] == 0x9C)
		return 2;
	if (n < 3 || c[0] != 0xE2)
		return 0;
	if (c[1] == 0x80)
		return c[2] == 0x8E || c[2] == 0x8F || (c[2] >= 0xAA && c[2] <= 0xAE) ? 3 : 0;
	return c[1] == 0x81 && c[2] >= 0xA6 && c[2] <= 0xA9 ? 3 : 0;
}

size_t sink_harm(enum sink sink, struct str s)
{
	const unsigned char *c = (const unsigned char *)s.p;
	size_t harm;

	if (!s.n || (*c >= ' ' && *c < 0x7F))
		return 0;
	if (*c < ' ')
		return sink != SINK_JSON;
	if (*c == 0x7F)
		return 1;
	harm = line_harm(c, s.n);
	return harm || sink != SINK_TERMINAL ? harm : direction_harm(c, s.n);
}

size_t sink_find(enum sink sink, struct str s)
{
	size_t i = 0;

	for (; i < s.n; i++)
		if ((s.p[i] < ' ' || s.p[i] > '~') && sink_harm(sink, str_skip(s, i)))
			break;
	return i;
}

/* The code point of a sequence of at most three octets. */
static unsigned code_point(struct str s)
{
	unsigned first = (unsigned char)s.p[0], point;

	if (s.n == 1)
		return first;
	point = s.n == 2 ? first & 0x1F : first & 0x0F;
	for (size_t i = 1; i < s.n; i++)
		point = point << 6 | ((unsigned char)s.p[i] & 0x3F);
	return point;
}

void sink_put(struct buf *out, enum sink sink, struct str text)
{
	for (;;) {
		size_t good = sink_find(sink, text), harm;

		buf_put(out, str_head(text, good));
		text = str_skip(text, good);
		if (!text.n)
			return;
		harm = sink_harm(sink, text);
		if (sink == SINK_JSON)
			buf_printf(out, "\\u%04X", code_point(str_head(text, harm)));
		else
			buf_putc(out, sink == SINK_CSV ? ' ' : '?');
		text = str_skip(text, harm);
	}
}

static bool has(struct str text, char c)
{
	return text.n && memchr(text.p, c, text.n);
}

static bool needs_quotes(struct str text)
{
	return has(text, ',') || has(text, '"') || has(text, '\r') || has(text, '\n') ||
	       (text.n && (text.p[0] == ' ' || text.p[text.n - 1] == ' '));
}

void sink_put_csv_field(struct buf *out, struct str text)
{
	bool quotes = needs_quotes(text);

	if (quotes)
		buf_putc(out, '"');
	while (text.n) {
		const char *quote = memchr(text.p, '"', text.n);
		size_t n = quote ? (size_t)(quote - text.p) : text.n;

		sink_put(out, SINK_CSV, str_head(text, n));
		text = str_skip(text, n);
		if (text.n) {
			buf_put(out, STR("\"\""));
			text = str_skip(text, 1);
		}
	}
	if (quotes)
		buf_putc(out, '"');
}
