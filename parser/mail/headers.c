#include "parser/mail/headers.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "parser/text/unfold.h"

/* A name longer than this is prose with a colon in it. */
enum { HEADER_NAME_BYTES = 76 };

bool header_name(struct str line, size_t *ret_bytes)
{
	size_t n = 0;

	while (n < line.n && line.p[n] > ' ' && line.p[n] < 127 && line.p[n] != ':')
		n++;
	*ret_bytes = n;
	n += str_span(str_skip(line, n), " \t"); /* RFC 5322 4.5.2 allowed it before the colon */
	return *ret_bytes && *ret_bytes <= HEADER_NAME_BYTES && n < line.n && line.p[n] == ':';
}

struct str header_value(struct arena *arena, struct str raw)
{
	struct str s = str_trim(str_head(raw, str_chr(raw, '\0')));
	char *out;
	size_t n = 0;

	if (!utf8_valid(s))
		s = utf8_clean(arena, utf8_from_latin1(arena, s));
	if (str_chr(s, '\n') == STR_NPOS && str_chr(s, '\r') == STR_NPOS &&
		str_chr(s, '\t') == STR_NPOS)
		return arena_dup(arena, s);
	out = arena_alloc(arena, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		out[n] = s.p[i] == '\t' ? ' ' : s.p[i];
		n += s.p[i] != '\r' && s.p[i] != '\n';
	}
	return str_from(out, n);
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
