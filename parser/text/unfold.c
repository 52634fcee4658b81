#include "parser/text/unfold.h"

#include <string.h>

/* The continuation at the start of `rest`, taken off it. */
static bool take_continuation(struct str *rest, struct str *ret_line)
{
	struct str behind = *rest, line;

	if (!rest->n || (rest->p[0] != ' ' && rest->p[0] != '\t'))
		return false;
	if (!str_next_line(&behind, &line) || !str_trim(line).n)
		return false;
	*rest = behind;
	*ret_line = str_trim(line);
	return true;
}

/* Bytes that the continuations at the start of `rest` need, each with its space. */
static size_t continuation_bytes(struct str rest)
{
	struct str line;
	size_t n = 0;

	while (take_continuation(&rest, &line))
		n += line.n + 1;
	return n;
}

bool line_next(struct arena *arena, struct str *rest, struct str *ret_line)
{
	struct str first, more;
	size_t n, extra;
	char *text;

	if (!str_next_line(rest, &first))
		return false;
	extra = str_trim(first).n ? continuation_bytes(*rest) : 0;
	if (!extra) {
		*ret_line = str_trim(first).n ? first : STR_EMPTY;
		return true;
	}
	text = arena_alloc(arena, first.n + extra);
	memcpy(text, first.p, first.n);
	n = first.n;
	while (take_continuation(rest, &more)) {
		text[n++] = ' ';
		memcpy(text + n, more.p, more.n);
		n += more.n;
	}
	*ret_line = str_from(text, n);
	return true;
}

struct str text_squeeze(struct arena *arena, struct str text)
{
	char *out = arena_alloc(arena, text.n + 1);
	bool after_space = false;
	size_t n = 0;

	text = str_trim(text);
	for (size_t i = 0; i < text.n; i++) {
		bool space = ascii_space(text.p[i]);

		out[n] = space ? ' ' : text.p[i];
		n += !(space && after_space);
		after_space = space;
	}
	out[n] = '\0';
	return (struct str){ out, n };
}
