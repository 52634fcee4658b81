#include "parser/reason/mask.h"

#include <string.h>

static bool host_char(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '.' || c == '_';
}

/* What ends a local part in running text, quoted ones aside. */
static bool local_char(char c)
{
	return c && !ascii_space(c) && !strchr("<>()[]\"',;:=|/@", c);
}

static void blank(char *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		if (ascii_alpha(p[i]) || ascii_digit(p[i]))
			p[i] = 'x';
}

static void blank_address(char *p, size_t n, size_t at)
{
	size_t from = at, to = at + 1;

	while (from && local_char(p[from - 1]))
		from--;
	while (to < n && host_char(p[to]))
		to++;
	if (to == at + 1)
		return;
	blank(p, from, at);
	if (from && p[from - 1] == '<' && to < n && p[to] == '>')
		blank(p, at, to);
}

/* Postfix writes "host mx.shop.example[192.0.2.1]", Exim a space between the two; behind other words
 * than "host" such a space may well follow the name of a blocklist. */
static void blank_host(char *p, size_t n, size_t bracket)
{
	size_t from, to = bracket;
	bool dot = false;

	if (n - bracket < 2 || !ascii_digit(p[bracket + 1]))
		return;
	if (to && p[to - 1] == ' ')
		to--;
	for (from = to; from && host_char(p[from - 1]); from--)
		dot |= p[from - 1] == '.';
	if (dot && (to == bracket || str_iends(str_from(p, from), STR("host "))))
		blank(p, from, to);
}

struct str mask_names(struct arena *arena, struct str text)
{
	struct str masked;
	char *p;

	if (str_chr(text, '@') == STR_NPOS && str_chr(text, '[') == STR_NPOS)
		return text;
	p = arena_alloc(arena, text.n);
	memcpy(p, text.p, text.n);
	masked = str_from(p, text.n);
	for (size_t i = 0; i < masked.n; i++) {
		if (p[i] == '@')
			blank_address(p, masked.n, i);
		else if (p[i] == '[')
			blank_host(p, masked.n, i);
	}
	return masked;
}
