#include "core/json_out.h"

#include "core/sink.h"
#include "core/utf8.h"

#include <string.h>

static void put_line_start(struct json_out *w)
{
	if (!w->pretty)
		return;
	buf_putc(w->out, '\n');
	for (unsigned i = 0; i < w->depth; i++)
		buf_put(w->out, STR("  "));
}

/* Before a value or a key: the comma behind its neighbour, and its line. */
static void begin(struct json_out *w)
{
	if (w->follows)
		buf_putc(w->out, ',');
	if (w->depth)
		put_line_start(w);
}

/* Before a value: one behind a key has no comma of its own. */
static void begin_value(struct json_out *w)
{
	if (w->keyed)
		w->keyed = false;
	else
		begin(w);
	w->follows = true;
}

void json_out_open(struct json_out *w, char bracket)
{
	begin_value(w);
	buf_putc(w->out, bracket);
	w->depth++;
	w->follows = false;
}

void json_out_close(struct json_out *w, char bracket)
{
	w->depth--;
	if (w->follows) /* not empty */
		put_line_start(w);
	buf_putc(w->out, bracket);
	w->follows = true;
}

void json_out_key(struct json_out *w, struct str key)
{
	char *room, *to;

	if (w->pretty)
		begin(w);
	to = room = buf_reserve(w->out, key.n + 5);
	w->keyed = true;
	if (!room)
		return;
	if (w->follows && !w->pretty)
		*to++ = ',';
	*to++ = '"';
	memcpy(to, key.p, key.n);
	to += key.n;
	*to++ = '"';
	*to++ = ':';
	if (w->pretty)
		*to++ = ' ';
	w->out->n += (size_t)(to - room);
}

void json_out_bool(struct json_out *w, bool value)
{
	begin_value(w);
	buf_put(w->out, value ? STR("true") : STR("false"));
}

void json_out_null(struct json_out *w)
{
	char *room;

	begin_value(w);
	room = buf_reserve(w->out, 4);
	if (!room)
		return;
	memcpy(room, "null", 4);
	w->out->n += 4;
}

/* Bytes at the start of s that stand for themselves in a JSON string. */
static size_t plain_span(struct str s)
{
	size_t i = 0;

	while (i < s.n && (unsigned char)s.p[i] >= ' ' && s.p[i] != '"' && s.p[i] != '\\')
		i++;
	return i;
}

static void put_escaped(struct buf *out, char c)
{
	static const char controls[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
	const char *at = c ? strchr(controls, c) : NULL;

	if (!at) {
		buf_printf(out, "\\u%04X", (unsigned)(unsigned char)c);
		return;
	}
	buf_putc(out, '\\');
	buf_putc(out, letters[at - controls]);
}

/* Eight bytes at a time, each a bit of what comes out: the highest of its own. */
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* A bit for bytes of 0. Where there is one, those above it may have bits too. */
static uint64_t zeros(uint64_t bytes)
{
	return (bytes - EACH(1)) & ~bytes & EACH(0x80);
}

/* Not 0 where one of eight bytes is a control, a quote, a backslash or above '~'. */
static uint64_t odd_bytes(const char *p)
{
	uint64_t bytes;

	memcpy(&bytes, p, sizeof bytes);
	return ((bytes | (bytes + EACH(1)) | (bytes - EACH(' '))) & EACH(0x80)) |
	       zeros(bytes ^ EACH('"')) | zeros(bytes ^ EACH('\\'));
}

static bool is_odd(char c)
{
	return c < ' ' || c > '~' || c == '"' || c == '\\';
}

/* ASCII that stands for itself: nearly every text is. */
static bool is_plain(struct str s)
{
	uint64_t odd = 0;
	size_t i = 0;

	for (; s.n - i >= sizeof odd; i += sizeof odd)
		odd |= odd_bytes(s.p + i);
	if (i && i < s.n)
		return !(odd | odd_bytes(s.p + s.n - sizeof odd));
	for (; i < s.n; i++)
		odd |= is_odd(s.p[i]);
	return !odd;
}

static void put_plain(struct buf *out, struct str text)
{
	char *room = buf_reserve(out, text.n + 2);

	if (!room)
		return;
	room[0] = '"';
	memcpy(room + 1, text.p, text.n);
	room[text.n + 1] = '"';
	out->n += text.n + 2;
}

static void put_text(struct buf *out, struct str text)
{
	size_t plain;

	buf_putc(out, '"');
	for (;;) {
		plain = plain_span(text);
		sink_put(out, SINK_JSON, str_head(text, plain));
		if (plain == text.n)
			break;
		put_escaped(out, text.p[plain]);
		text = str_skip(text, plain + 1);
	}
	buf_putc(out, '"');
}

void json_out_text(struct json_out *w, struct str text)
{
	bool plain = is_plain(text);

	if (!text.n || (!plain && !utf8_valid(text))) {
		json_out_null(w);
		return;
	}
	begin_value(w);
	if (plain)
		put_plain(w->out, text);
	else
		put_text(w->out, text);
}

void json_out_number(struct json_out *w, uint64_t value)
{
	char digits[20];
	size_t n = sizeof digits;

	begin_value(w);
	do {
		digits[--n] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	buf_put(w->out, str_from(digits + n, sizeof digits - n));
}

void json_out_share(struct json_out *w, double value)
{
	unsigned parts = value >= 1 ? 10000 : value > 0 ? (unsigned)(value * 10000 + 0.5) : 0;
	char text[] = { (char)('0' + parts / 10000), '.', (char)('0' + parts / 1000 % 10),
		(char)('0' + parts / 100 % 10), (char)('0' + parts / 10 % 10),
		(char)('0' + parts % 10) };
	size_t n = sizeof text;

	begin_value(w);
	while (n > 3 && text[n - 1] == '0')
		n--;
	buf_put(w->out, str_from(text, n));
}
