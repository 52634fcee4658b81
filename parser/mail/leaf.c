#include "parser/mail/leaf.h"

#include <string.h>

enum { FIRST_LEAVES = 8, BOUNDARY_MOST = 200 };

/* ---- what is plain ---- */

static bool token_char(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '-' || c == '.' || c == '_' || c == '+';
}

static bool take_token(struct str *rest, struct str *ret_token)
{
	size_t n = 0;

	while (n < rest->n && token_char(rest->p[n]))
		n++;
	*ret_token = str_head(*rest, n);
	*rest = str_skip(*rest, n);
	return n > 0;
}

static bool take_char(struct str *rest, char c)
{
	if (!rest->n || rest->p[0] != c)
		return false;
	*rest = str_skip(*rest, 1);
	return true;
}

static void skip_space(struct str *rest)
{
	*rest = str_skip(*rest, str_span(*rest, " \t\r\n"));
}

/* A quoted value that is no two things to two readers: printable, no quoting in it, nothing that may be an encoded word. */
static bool take_quoted(struct str *rest)
{
	struct str value = str_head(*rest, str_cspan(*rest, "\""));

	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] <= ' ' || value.p[i] > '~' || strchr("\\;", value.p[i]))
			return false;
	*rest = str_skip(*rest, value.n);
	return str_find(value, STR("=?")) == STR_NPOS && take_char(rest, '"');
}

/* Parameters that name a file are GMime's, and so is one that comes twice. */
static bool param_is_plain(struct str name, unsigned *charsets)
{
	*charsets += str_ieq(name, STR("charset"));
	return *charsets < 2 && str_ifind(name, STR("name")) == STR_NPOS;
}

bool leaf_type_is_plain(struct str type)
{
	struct str rest = type, word;
	unsigned charsets = 0;

	if (!type.n)
		return true;
	if (!take_token(&rest, &word) || !take_char(&rest, '/') || !take_token(&rest, &word))
		return false;
	for (;;) {
		skip_space(&rest);
		if (!rest.n)
			return true;
		if (!take_char(&rest, ';'))
			return false;
		skip_space(&rest);
		if (!rest.n)
			return true;
		if (!take_token(&rest, &word) || !param_is_plain(word, &charsets) ||
			!take_char(&rest, '='))
			return false;
		if (!(take_char(&rest, '"') ? take_quoted(&rest) : take_token(&rest, &word)))
			return false;
	}
}

static bool encoding_is_plain(struct str encoding)
{
	struct str word;

	return !encoding.n || (take_token(&encoding, &word) && !encoding.n);
}

bool leaf_boundary_is_plain(struct str boundary, const struct str *open, size_t n_open)
{
	if (!boundary.n || boundary.n > BOUNDARY_MOST || str_find(boundary, STR("=?")) != STR_NPOS)
		return false;
	for (size_t i = 0; i < boundary.n; i++)
		if (boundary.p[i] <= ' ' || boundary.p[i] > '~')
			return false;
	for (size_t i = 0; i < n_open; i++)
		if (str_starts(boundary, open[i]) || str_starts(open[i], boundary))
			return false;
	return true;
}

/* ---- the list ---- */

void leaves_open(struct arena *arena, struct leaf_list *list, struct str type, struct str encoding,
	size_t from)
{
	list->odd |= !leaf_type_is_plain(type) || !encoding_is_plain(encoding);
	if (list->odd)
		return;
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : FIRST_LEAVES;
		struct leaf *grown = arena_alloc(arena, cap * sizeof *grown);

		if (list->n)
			memcpy(grown, list->items, list->n * sizeof *grown);
		list->items = grown;
		list->cap = cap;
	}
	list->items[list->n++] = (struct leaf){ .type = type, .encoding = encoding, .from = from };
}

static struct leaf *last_leaf(const struct leaf_list *list)
{
	return list->n ? &list->items[list->n - 1] : NULL;
}

void leaves_close(struct leaf_list *list, size_t to)
{
	struct leaf *last = last_leaf(list);

	if (!last || last->closed)
		return;
	last->to = to;
	last->closed = true;
}

void leaves_reopen(struct leaf_list *list, size_t to)
{
	struct leaf *last = last_leaf(list);

	if (last && last->closed && last->to == to)
		last->closed = false;
}

/* RFC 2046 5.1.1: the line end in front of a boundary is part of the boundary. GMime takes as many bytes for it as the boundary
 * itself ends with, which the pre-scan ends with LF: a CR stays. */
static struct str without_line_end(struct str body)
{
	if (body.n && body.p[body.n - 1] == '\n')
		body.n--;
	return body;
}

void leaves_finish(struct leaf_list *list, struct str bytes)
{
	for (size_t i = 0; i < list->n; i++) {
		struct leaf *leaf = &list->items[i];

		leaf->body = str_slice(bytes, leaf->from, leaf->closed ? leaf->to : bytes.n);
		if (leaf->closed)
			leaf->body = without_line_end(leaf->body);
	}
}
