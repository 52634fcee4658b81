#include "parser/mail/layout.h"

#include <string.h>

/* Fewer lines than these, each a paragraph of its own, are how somebody writes. */
enum { DOUBLED_LINES = 5, DOUBLED_GAP = 3 };

struct str layout_line_feeds(struct arena *arena, struct str text)
{
	size_t n = 0;
	char *out;

	if (str_find(text, STR("\r\n")) == STR_NPOS)
		return text;
	out = arena_alloc(arena, text.n);
	for (size_t i = 0; i < text.n; i++)
		if (text.p[i] != '\r' || i + 1 == text.n || text.p[i + 1] != '\n')
			out[n++] = text.p[i];
	return str_from(out, n);
}

struct str layout_without_quotes(struct arena *arena, struct str text)
{
	char *out = arena_alloc(arena, text.n + 1);
	size_t n = 0, lines = 0, quoted = 0;
	struct str rest = text, line;

	while (str_next_line(&rest, &line)) {
		lines += str_trim(line).n > 0;
		if (str_starts(line, STR(">"))) {
			quoted++;
			line = str_skip(line, 1);
			line = str_skip(line, str_starts(line, STR(" ")));
		}
		memcpy(out + n, line.p, line.n);
		n += line.n;
		if (n < text.n)
			out[n++] = '\n';
	}
	return quoted * 2 > lines ? str_from(out, n) : STR_EMPTY;
}

/* No line follows another, and somewhere an empty line was doubled as well. */
static bool is_doubled(struct str text)
{
	struct str rest = text, line;
	size_t lines = 0, gap = 1, widest = 0;

	while (str_next_line(&rest, &line)) {
		if (!str_trim(line).n) {
			gap++;
			continue;
		}
		if (!gap)
			return false;
		if (lines && gap > widest)
			widest = gap;
		gap = 0;
		lines++;
	}
	return lines >= DOUBLED_LINES && widest >= DOUBLED_GAP;
}

struct str layout_single_spaced(struct arena *arena, struct str text)
{
	struct str rest = text, line;
	size_t n = 0, gap = 0;
	char *out;

	if (!is_doubled(text))
		return text;
	out = arena_alloc(arena, text.n);
	while (str_next_line(&rest, &line)) {
		if (!str_trim(line).n) {
			gap++;
			continue;
		}
		if (n && gap > 1)
			out[n++] = '\n';
		memcpy(out + n, line.p, line.n);
		n += line.n;
		if (n < text.n)
			out[n++] = '\n';
		gap = 0;
	}
	return str_from(out, n);
}
