#include "parser/reason/entity.h"

#include <string.h>

static bool host_char(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '.' || c == '_';
}

/* What a local part holds in running text. */
static bool local_char(char c)
{
	return host_char(c) || (c && strchr("+=!#$%&*^~/?{}", c)) || (unsigned char)c >= 0x80;
}

static size_t run_of(struct str s, size_t from, bool (*is)(char))
{
	size_t to = from;

	while (to < s.n && is(s.p[to]))
		to++;
	return to;
}

/* "http://...", "www.": up to a space, a quote or a closing bracket. */
static size_t url_end(struct str s, size_t from)
{
	struct str rest = str_skip(s, from);
	size_t to;

	if (!str_istarts(rest, STR("http://")) && !str_istarts(rest, STR("https://")) &&
		!str_istarts(rest, STR("www.")) && !str_istarts(rest, STR("ldap://")) &&
		!str_istarts(rest, STR("mailto:")))
		return from;
	to = from + str_cspan(rest, " <>\"')]}");
	while (to > from && strchr(".,;:!?", s.p[to - 1]))
		to--;
	return to;
}

static bool ip_char(char c)
{
	return ascii_digit(c) || c == '.';
}

static bool ipv6_char(char c)
{
	return ascii_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
	       c == '.';
}

static unsigned count(struct str s, char c)
{
	unsigned n = 0;

	for (size_t i = 0; i < s.n; i++)
		n += s.p[i] == c;
	return n;
}

/* Four numbers with dots; or three colons and more among hexadecimal digits. */
static size_t ip_end(struct str s, size_t from)
{
	size_t to = run_of(s, from, ip_char);

	if (to > from && s.p[to - 1] == '.')
		to--;
	if (to > from && count(str_slice(s, from, to), '.') == 3 &&
		(to == s.n || !ascii_alpha(s.p[to])))
		return to;
	to = run_of(s, from, ipv6_char);
	if (to > from && s.p[to - 1] == ':')
		to--;
	return count(str_slice(s, from, to), ':') >= 3 ? to : from;
}

/* Two labels and more, the last of letters: "mx1.shop.example". */
static size_t host_end(struct str s, size_t from)
{
	size_t to = run_of(s, from, host_char), dot;
	struct str last;

	while (to > from && strchr(".-_", s.p[to - 1]))
		to--;
	dot = str_rchr(str_slice(s, from, to), '.');
	if (dot == STR_NPOS || !dot)
		return from;
	last = str_slice(s, from + dot + 1, to);
	if (last.n < 2 || (!ascii_alpha(last.p[0])) ||
		(last.p[0] >= 'A' && last.p[0] <= 'Z' && last.p[1] >= 'a'))
		return from; /* "gone.Please": a sentence that forgot its space */
	return to;
}

static bool starts_name(struct str s, size_t i)
{
	return !i ||
	       !(ascii_alpha(s.p[i - 1]) || ascii_digit(s.p[i - 1]) ||
		       (unsigned char)s.p[i - 1] >= 0x80 || s.p[i - 1] == '.' || s.p[i - 1] == '-');
}

/* `at`: of the "@". The local part may be quoted; what stands before the address is its first byte. */
static bool address_around(struct str s, size_t at, size_t *ret_from, size_t *ret_to)
{
	size_t from = at, to = run_of(s, at + 1, host_char);

	if (at && s.p[at - 1] == '"') {
		size_t open = str_rchr(str_head(s, at - 1), '"');

		from = open == STR_NPOS ? at : open;
	} else {
		while (from && local_char(s.p[from - 1]))
			from--;
	}
	while (to > at + 1 && strchr(".-_", s.p[to - 1]))
		to--;
	if (at + 1 < s.n && s.p[at + 1] == '[' && to == at + 1)
		to = at + 1 + str_cspan(str_skip(s, at + 1), " >");
	*ret_from = from;
	*ret_to = to;
	return to > at + 1 && from < at;
}

/* "relay=[192.0.2.1]", "helo=<mx.shop.example>": who spoke, as logs write it. Neither label nor value is said of anybody. */
static size_t field_end(struct str s, size_t from)
{
	static const struct str labels[] = { STR_INIT("relay"), STR_INIT("helo"),
		STR_INIT("proto") };
	size_t equals = run_of(s, from, ascii_alpha);

	if (equals == s.n || s.p[equals] != '=')
		return from;
	for (size_t i = 0; i < ARRAY_LEN(labels); i++)
		if (str_ieq(str_slice(s, from, equals), labels[i]))
			return equals + str_cspan(str_skip(s, equals), " ,;");
	return from;
}

/* The entity that starts at `i`, in positions of the source; false without one. */
bool entity_at(struct str s, size_t i, size_t next_at, struct entity *ret_entity)
{
	struct entity e = { ENTITY_URL, i, url_end(s, i), STR_EMPTY };
	size_t from, to;

	if (e.to == i && next_at < s.n && address_around(s, next_at, &from, &to) && from == i)
		e = (struct entity){ ENTITY_ADDRESS, from, to, STR_EMPTY };
	if (e.to == i)
		e = (struct entity){ ENTITY_FIELD, i, field_end(s, i), STR_EMPTY };
	if (e.to == i)
		e = (struct entity){ ENTITY_IP, i, ip_end(s, i), STR_EMPTY };
	if (e.to == i)
		e = (struct entity){ ENTITY_HOST, i, host_end(s, i), STR_EMPTY };
	*ret_entity = e;
	return e.to > i;
}

size_t entity_next_at_sign(struct str s, size_t from)
{
	size_t at = str_chr(str_skip(s, from), '@');

	return at == STR_NPOS ? s.n : from + at;
}

bool entity_may_start(struct str s, size_t i)
{
	return (local_char(s.p[i]) || s.p[i] == '"') && starts_name(s, i);
}
