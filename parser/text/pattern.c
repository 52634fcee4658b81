#include "parser/text/pattern.h"

#include "core/utf8.h"

#include <string.h>

enum { GROUPS_DEEP = 32 };
struct walk {
	struct str rest;
	unsigned depth; /* of groups; beyond GROUPS_DEEP nothing is known */
};

static bool needs_high(struct walk *w);

static bool take_group(struct walk *w)
{
	bool needs = w->depth < GROUPS_DEEP;

	w->depth += needs;
	needs = needs && needs_high(w);
	w->depth -= w->depth < GROUPS_DEEP;
	return needs;
}

static void skip_class(struct walk *w)
{
	bool escaped = false;

	while (w->rest.n && (escaped || *w->rest.p != ']')) {
		escaped = !escaped && *w->rest.p == '\\';
		w->rest = str_skip(w->rest, 1);
	}
	w->rest = str_skip(w->rest, 1);
}

/* Takes a character, an escape, a class or a group. True where all that it matches holds a byte above 127.
 * Two characters do not count: caseless, they match the ASCII letters s and k. */
static bool take_atom(struct walk *w)
{
	static const struct str folded[] = { STR_INIT("\xC5\xBF"), STR_INIT("\xE2\x84\xAA") };
	size_t n = utf8_sequence(w->rest);
	struct str atom = str_head(w->rest, n ? n : 1);

	w->rest = str_skip(w->rest, atom.n);
	if (*atom.p == '(')
		return take_group(w);
	if (*atom.p == '[')
		skip_class(w);
	if (*atom.p == '\\')
		w->rest = str_skip(w->rest, 1);
	return n > 1 && !str_eq(atom, folded[0]) && !str_eq(atom, folded[1]);
}

/* Alternatives up to the end of the group, which is taken: each must have an atom that needs a byte above
 * 127 and that may not be left out. */
static bool needs_high(struct walk *w)
{
	bool all = true, branch = false;

	while (w->rest.n && *w->rest.p != ')') {
		bool needs;

		if (*w->rest.p == '|') {
			all = all && branch;
			branch = false;
			w->rest = str_skip(w->rest, 1);
			continue;
		}
		needs = take_atom(w);
		branch = branch || (needs && !(w->rest.n && strchr("?*{", *w->rest.p)));
	}
	w->rest = str_skip(w->rest, 1);
	return all && branch;
}

bool pattern_needs_high(struct str pattern)
{
	struct walk w = { pattern, 0 };

	return needs_high(&w) && w.depth < GROUPS_DEEP;
}

const char *pattern_with_runs(struct arena *arena, struct str pattern)
{
	char *out = arena_alloc(arena, pattern.n * 3 + 1);
	bool in_class = false;
	size_t n = 0;

	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		if (c == ' ' && !in_class) {
			bool counted = i + 1 < pattern.n && strchr("*+?{", pattern.p[i + 1]);

			memcpy(out + n, "\\s+", 3);
			n += counted ? 2 : 3;
			continue;
		}
		out[n++] = c;
		if (c == '\\' && i + 1 < pattern.n)
			out[n++] = pattern.p[++i];
		else if (c == '[')
			in_class = true;
		else if (c == ']')
			in_class = false;
	}
	out[n] = '\0';
	return out;
}
