#include "parser/match/pattern.h"

#include "core/utf8.h"

#include <string.h>

enum { GROUPS_DEEP = 32 };
struct walk {
	struct str rest;
	unsigned depth; /* of groups; beyond GROUPS_DEEP nothing is known */
	bool lost;      /* something was not understood */
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
	struct walk w = { pattern, 0, false };

	return needs_high(&w) && w.depth < GROUPS_DEEP;
}

/* ---- what a match starts with ---- */

static void add_all(struct pattern_first *first)
{
	memset(first->bits, 0xFF, sizeof first->bits);
}

static void add_beyond_ascii(struct pattern_first *first)
{
	first->bits[2] = first->bits[3] = UINT64_MAX;
}

static void add_one(struct pattern_first *first, char c)
{
	first->bits[(unsigned char)c / 64] |= UINT64_C(1) << (unsigned char)c % 64;
}

/* In either case. Beyond ASCII one is as good as the other, and two letters of ASCII have their like there, where a pattern is
 * of more than ASCII. */
static void add_byte(struct pattern_first *first, char c)
{
	char lower = ascii_lower(c);

	add_one(first, lower);
	if (ascii_alpha(lower))
		add_one(first, (char)(lower - 'a' + 'A'));
	if ((unsigned char)c >= 0x80) {
		add_beyond_ascii(first);
		add_byte(first, 'k');
		add_byte(first, 's');
	}
}

static void add_first(struct pattern_first *first, const struct pattern_first *other)
{
	for (size_t i = 0; i < ARRAY_LEN(first->bits); i++)
		first->bits[i] |= other->bits[i];
}

/* Classes of single ASCII characters are told; ranges, escapes and what is not in a class are not. */
static void add_class(struct pattern_first *first, struct str class)
{
	if (!class.n || str_cspan(class, "^-\\[") < class.n) {
		add_all(first);
		return;
	}
	for (size_t i = 0; i < class.n; i++)
		add_byte(first, class.p[i]);
}

/* True where it stands between two bytes. */
static bool add_escape(struct pattern_first *first, struct str *rest)
{
	char c = rest->n > 1 ? rest->p[1] : 'x';

	*rest = str_skip(*rest, 2);
	if (c == 'b')
		return true;
	if (ascii_alpha(c) || ascii_digit(c))
		add_all(first);
	else
		add_byte(first, c);
	return false;
}

static bool add_alternatives(struct pattern_first *first, struct walk *w);

/* Takes a character, an escape, a class or a group. True where it may match nothing. */
static bool add_atom(struct pattern_first *first, struct walk *w)
{
	size_t n = utf8_sequence(w->rest);
	struct str atom = str_head(w->rest, n ? n : 1);

	if (*atom.p == '\\')
		return add_escape(first, &w->rest);
	w->rest = str_skip(w->rest, atom.n);
	switch (*atom.p) {
	case '^':
	case '$':
		return true;
	case '(':
		w->lost |= ++w->depth > GROUPS_DEEP || str_starts(w->rest, STR("?"));
		return w->lost || add_alternatives(first, w);
	case '[':
		atom = w->rest;
		skip_class(w);
		add_class(first, str_head(atom, atom.n ? atom.n - w->rest.n - 1 : 0));
		return false;
	case '.':
		add_all(first);
		return false;
	default:
		add_byte(first, *atom.p);
		return false;
	}
}

/* Takes what counts an atom. True where it may be left out. */
static bool take_count(struct walk *w)
{
	const char c = w->rest.n ? w->rest.p[0] : '\0';
	bool left_out = c == '?' || c == '*' || str_starts(w->rest, STR("{0"));

	if (c == '{')
		w->rest = str_skip(w->rest, str_cspan(w->rest, "}") + 1);
	w->rest = str_skip(w->rest, str_span(w->rest, "?*+"));
	return left_out;
}

/* Up to the end of the group, which is taken. True where one of them may match nothing. */
static bool add_alternatives(struct pattern_first *first, struct walk *w)
{
	bool any = false, so_far = true;

	while (!w->lost && w->rest.n && *w->rest.p != ')') {
		struct pattern_first atom = { 0 };
		bool nothing;

		if (*w->rest.p == '|') {
			any = any || so_far;
			so_far = true;
			w->rest = str_skip(w->rest, 1);
			continue;
		}
		nothing = add_atom(&atom, w);
		if (so_far)
			add_first(first, &atom);
		so_far = (take_count(w) || nothing) && so_far;
	}
	w->rest = str_skip(w->rest, 1);
	w->depth -= w->depth > 0;
	return any || so_far;
}

struct pattern_first pattern_first(struct str pattern)
{
	struct pattern_first first = { 0 };
	struct walk w = { pattern, 0, false };

	if (add_alternatives(&first, &w) || w.lost)
		add_all(&first);
	if (!utf8_is_ascii(pattern) &&
		(pattern_may_start(&first, 'k') || pattern_may_start(&first, 's')))
		add_beyond_ascii(&first);
	return first;
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
