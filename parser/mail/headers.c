#include "parser/mail/headers.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "parser/text/unfold.h"

#include <string.h>

/* A name longer than this is prose with a colon in it. */
enum { HEADER_NAME_BYTES = 76 };

bool header_name(struct str line, size_t *ret_bytes)
{
	size_t n = 0;

	while (n < line.n && line.p[n] > ' ' && line.p[n] < 127 && line.p[n] != ':')
		n++;
	*ret_bytes = n;
	while (n < line.n && (line.p[n] == ' ' || line.p[n] == '\t'))
		n++; /* RFC 5322 4.5.2 allowed it before the colon */
	return *ret_bytes && *ret_bytes <= HEADER_NAME_BYTES && n < line.n && line.p[n] == ':';
}

/* Valid UTF-8 up to a NUL, trimmed. Nearly every value is that as it stands. */
static struct str clean_value(struct arena *arena, struct str raw)
{
	struct str s = str_trim(raw);

	if (utf8_valid(s))
		return s;
	s = str_trim(str_head(raw, str_chr(raw, '\0')));
	return utf8_valid(s) ? s : utf8_clean(arena, utf8_from_latin1(arena, s));
}

/* Is one of eight bytes a control: below a blank, from which the subtraction borrows? */
static bool has_control(const char *p)
{
	uint64_t bytes;

	memcpy(&bytes, p, sizeof bytes);
	return (bytes - UINT64_C(0x2020202020202020)) & ~bytes & UINT64_C(0x8080808080808080);
}

/* Bytes in front of the next line end or tab. */
static size_t plain_run(struct str s)
{
	size_t n = 0;

	while (s.n - n >= sizeof(uint64_t) && !has_control(s.p + n))
		n += sizeof(uint64_t);
	while (n < s.n && s.p[n] != '\n' && s.p[n] != '\r' && s.p[n] != '\t')
		n++;
	return n;
}

struct str header_value(struct arena *arena, struct str raw)
{
	struct str s = clean_value(arena, raw);
	char *out = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	while (s.n) {
		size_t run = plain_run(s);

		memcpy(out + n, s.p, run);
		n += run;
		if (run < s.n && s.p[run] == '\t')
			out[n++] = ' ';
		s = str_skip(s, run + 1);
	}
	out[n] = '\0';
	return (struct str){ out, n };
}

static size_t count_lines(struct str text)
{
	struct str line;
	size_t n = 0;

	while (n < LIMIT_HEADER_FIELDS && str_next_line(&text, &line) && line.n)
		n++;
	return n;
}

struct header_list headers_parse(struct arena *arena, struct str *text)
{
	size_t most = count_lines(*text), n;
	struct header_list list = { arena_calloc(arena, most + 1, sizeof *list.items), 0 };
	struct str rest = *text, line;

	while (line_next(arena, &rest, &line)) {
		if (!line.n) {
			*text = rest;
			break;
		}
		if (!header_name(line, &n))
			break;
		*text = rest;
		if (list.n == most)
			continue;
		list.items[list.n].name = str_head(line, n);
		n += str_chr(str_skip(line, n), ':') + 1;
		list.items[list.n++].value = str_trim(str_skip(line, n));
	}
	return list;
}

struct str headers_get(const struct header_list *list, struct str name)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_ieq(list->items[i].name, name))
			return list->items[i].value;
	return STR_EMPTY;
}

/* The value behind "name=", quoted or a token. */
static struct str param_value(struct str s)
{
	size_t end;

	s = str_trim(s);
	if (!s.n || s.p[0] != '"')
		return str_head(s, str_cspan(s, "; \t\r\n"));
	s = str_skip(s, 1);
	end = str_chr(s, '"');
	return end == STR_NPOS ? s : str_head(s, end);
}

struct str header_param(struct str value, struct str name)
{
	struct str part, rest = value;

	while (str_cut(rest, ';', &part, &rest)) {
		struct str left, right;

		if (str_cut(rest, '=', &left, &right) && str_ieq(str_trim(left), name))
			return param_value(right);
	}
	return STR_EMPTY;
}
