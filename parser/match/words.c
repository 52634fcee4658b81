#include "parser/match/words.h"

#include "core/utf8.h"

#include <string.h>

enum { GROUPS_DEEP = 32 };
/* Codes stand in patterns that know them, and in nearly every refusal; short words in longer ones. */
enum { CODE_COMMON = 40, SHORT = 6, SHORT_COMMON = 20 };

/* What is known of a part of a pattern. */
struct piece {
	bool exact;
	struct word_set is; /* if exact: all that it can be */
	struct word_set
		has[WORD_SETS]; /* else one of each of these is in it, the better one first */
};

struct reading {
	struct arena *arena;
	struct str among;
	struct str rest;
	enum matcher_space space;
	unsigned depth;
	bool lost;
	bool inexact; /* what was read as exact is not: borders, runs of white space */
};

static struct word_set set_of_one(struct reading *r, struct str word)
{
	struct word_set set = { arena_alloc(r->arena, sizeof *set.word), 1, 0 };

	*set.word = word;
	return set;
}

static struct piece exactly(struct reading *r, struct str word)
{
	return (struct piece){ .exact = true, .is = set_of_one(r, word) };
}

static struct word_set set_union(struct reading *r, struct word_set a, struct word_set b)
{
	struct word_set both = { arena_calloc(r->arena, a.n + b.n + 1, sizeof *both.word),
		a.n + b.n, 0 };

	for (size_t i = 0; i < both.n; i++)
		both.word[i] = i < a.n ? a.word[i] : b.word[i - a.n];
	return both;
}

/* A run of white space is one space, also where two parts meet. */
static struct word_set set_product(struct reading *r, struct word_set a, struct word_set b)
{
	struct word_set all = { arena_calloc(r->arena, a.n * b.n + 1, sizeof *all.word), 0, 0 };

	for (size_t i = 0; i < a.n; i++)
		for (size_t k = 0; k < b.n; k++) {
			bool meet = r->space == MATCHER_SPACE_RUN &&
				    str_ends(a.word[i], STR(" ")) &&
				    str_starts(b.word[k], STR(" "));

			all.word[all.n++] =
				arena_join(r->arena, a.word[i], str_skip(b.word[k], meet));
		}
	return all;
}

/* Where one word is part of another, the other says nothing more. */
static struct word_set without_longer(struct reading *r, struct word_set set)
{
	struct word_set kept = { arena_calloc(r->arena, set.n + 1, sizeof *kept.word), 0, 0 };

	for (size_t i = 0; i < set.n; i++) {
		bool longer = false;

		for (size_t k = 0; k < set.n && !longer; k++)
			longer = str_find(set.word[i], set.word[k]) != STR_NPOS &&
				 (set.word[k].n < set.word[i].n || k < i);
		if (!longer)
			kept.word[kept.n++] = set.word[i];
	}
	return kept;
}

static size_t count_among(struct str among, struct str word)
{
	size_t n = 0, at;

	while (at = str_ifind(among, word), at != STR_NPOS) {
		n++;
		among = str_skip(among, at + word.n);
	}
	return n;
}

static bool is_code(struct str word)
{
	return str_span(word, " -.0123456789") == word.n;
}

/* Of use, and how common. */
static bool weigh(struct reading *r, struct word_set *set)
{
	for (size_t i = 0; i < set->n; i++)
		if (set->word[i].n < WORD_LEAST ||
			(set->word[i].n == WORD_LEAST && str_chr(set->word[i], ' ') != STR_NPOS))
			return false;
	*set = without_longer(r, *set);
	for (size_t i = 0; i < set->n; i++) {
		struct str word = set->word[i];

		set->common += is_code(word) ? CODE_COMMON : count_among(r->among, word);
		if (word.n < SHORT)
			set->common += SHORT_COMMON;
	}
	return set->n && set->n <= WORDS_MOST;
}

static size_t shortest(struct word_set set)
{
	size_t least = SIZE_MAX;

	for (size_t i = 0; i < set.n; i++)
		if (set.word[i].n < least)
			least = set.word[i].n;
	return least;
}

static bool is_rarer(struct word_set set, struct word_set than)
{
	return !than.n || set.common < than.common ||
	       (set.common == than.common && shortest(set) > shortest(than));
}

/* One of `set`, which was weighed, is in the piece as well. */
static void add_weighed(struct piece *piece, struct word_set set)
{
	struct word_set *has = piece->has;

	if (!set.n)
		return;
	if (is_rarer(set, has[0])) {
		has[1] = has[0];
		has[0] = set;
	} else if (is_rarer(set, has[1])) {
		has[1] = set;
	}
}

static void add_needed(struct reading *r, struct piece *piece, struct word_set set)
{
	if (weigh(r, &set))
		add_weighed(piece, set);
}

static void add_all_needed(struct reading *r, struct piece *piece, const struct piece *part)
{
	if (part->exact)
		add_needed(r, piece, part->is);
	for (size_t i = 0; !part->exact && i < WORD_SETS; i++)
		add_weighed(piece, part->has[i]);
}

static struct piece read_alternatives(struct reading *r);

static struct piece read_group(struct reading *r)
{
	struct piece piece = { 0 };

	r->lost |= r->depth >= GROUPS_DEEP || str_starts(r->rest, STR("?"));
	if (r->lost)
		return piece;
	r->depth++;
	piece = read_alternatives(r);
	r->depth--;
	r->lost |= !r->rest.n;
	r->rest = str_skip(r->rest, 1);
	return piece;
}

/* A few letters, and nothing of more than one byte. */
static struct piece read_class(struct reading *r)
{
	size_t n = 0;
	struct str class = r->rest;
	struct piece piece = { .exact = true };

	while (n < class.n && class.p[n] != ']')
		n += class.p[n] == '\\' ? 2 : 1;
	r->lost |= n >= class.n;
	r->rest = str_skip(class, n + 1);
	class = str_head(class, n);
	if (!n || n > 4 || str_cspan(class, "\\^-[ ") < n || !utf8_is_ascii(class))
		return (struct piece){ 0 };
	for (size_t i = 0; i < n; i++)
		piece.is = set_union(r, piece.is,
			set_of_one(r, arena_lower(r->arena, str_slice(class, i, i + 1))));
	return piece;
}

/* Nothing, or white space, of which more may be in the text. */
static struct piece loosely(struct reading *r, struct str word)
{
	r->inexact = true;
	return exactly(r, word);
}

static struct piece read_escape(struct reading *r)
{
	struct str escaped = str_head(r->rest, 1);
	char c = escaped.n ? *escaped.p : 'x';

	r->rest = str_skip(r->rest, 1);
	if (c == 'b')
		return loosely(r, STR_EMPTY);
	if (r->space == MATCHER_SPACE_RUN && strchr("srnt", c))
		return loosely(r, STR(" "));
	if (ascii_alpha(c) || ascii_digit(c))
		return (struct piece){ 0 };
	return exactly(r, escaped);
}

static struct piece read_atom(struct reading *r)
{
	struct str atom = str_head(r->rest, 1);

	r->rest = str_skip(r->rest, 1);
	switch (*atom.p) {
	case '\\':
		return read_escape(r);
	case '(':
		return read_group(r);
	case '[':
		return read_class(r);
	case '.':
		return (struct piece){ 0 };
	case '^':
	case '$':
		return loosely(r, STR_EMPTY);
	case ' ':
		return r->space == MATCHER_SPACE_RUN ? loosely(r, atom) : exactly(r, atom);
	default:
		return exactly(r, arena_lower(r->arena, atom));
	}
}

static bool is_a_space(const struct piece *piece)
{
	return piece->exact && piece->is.n == 1 && str_eq(piece->is.word[0], STR(" "));
}

/* How often the atom in front stands there. White space, however much, is one space. */
static struct piece read_count(struct reading *r, struct piece piece)
{
	char c = r->rest.n ? *r->rest.p : '\0';
	bool spaces = r->space == MATCHER_SPACE_RUN && is_a_space(&piece);
	bool none = c == '?' || c == '*' || str_starts(r->rest, STR("{0"));

	if (!c || !strchr("?*+{", c))
		return piece;
	r->rest = str_skip(r->rest, c == '{' ? str_cspan(r->rest, "}") + 1 : 1);
	r->lost |= r->rest.n && strchr("?+", *r->rest.p);
	if ((c == '?' && piece.exact) || (none && spaces)) {
		piece.is = set_union(r, piece.is, set_of_one(r, STR_EMPTY));
		return piece;
	}
	if (none)
		return (struct piece){ 0 };
	if (!spaces && piece.exact) {
		struct piece some = { 0 };

		add_needed(r, &some, piece.is);
		return some;
	}
	return piece;
}

/* Atoms up to the end of the alternative. */
static struct piece read_branch(struct reading *r)
{
	struct piece branch = exactly(r, STR_EMPTY);
	struct word_set run = branch.is; /* what stands in front of the next atom without a gap */

	while (!r->lost && r->rest.n && *r->rest.p != '|' && *r->rest.p != ')') {
		struct piece next = read_atom(r);

		next = read_count(r, next);
		if (next.exact && run.n * next.is.n <= WORDS_MOST) {
			run = set_product(r, run, next.is);
			continue;
		}
		branch.exact = false;
		add_needed(r, &branch, run);
		if (!next.exact)
			add_all_needed(r, &branch, &next);
		run = next.exact ? next.is : set_of_one(r, STR_EMPTY);
	}
	if (branch.exact)
		branch.is = run;
	else
		add_needed(r, &branch, run);
	return branch;
}

static struct piece either(struct reading *r, struct piece a, struct piece b)
{
	struct piece both = { .exact = a.exact && b.exact && a.is.n + b.is.n <= WORDS_MOST };
	struct word_set x = a.exact ? a.is : a.has[0], y = b.exact ? b.is : b.has[0];

	if (both.exact)
		both.is = set_union(r, x, y);
	else if (x.n && y.n)
		add_needed(r, &both, set_union(r, x, y));
	return both;
}

static struct piece read_alternatives(struct reading *r)
{
	struct piece piece = read_branch(r);

	while (!r->lost && r->rest.n && *r->rest.p == '|') {
		r->rest = str_skip(r->rest, 1);
		piece = either(r, piece, read_branch(r));
	}
	return piece;
}

struct words words_of(
	struct arena *arena, struct str pattern, enum matcher_space space, struct str among)
{
	struct reading r = { .arena = arena, .among = among, .rest = pattern, .space = space };
	const struct piece read = read_alternatives(&r);
	struct piece piece = { 0 };
	struct words words = { 0 };

	if (r.lost || r.rest.n)
		return words;
	add_all_needed(&r, &piece, &read);
	words.needed[0] = piece.has[0];
	if (piece.has[0].common > WORDS_RARE && piece.has[1].common <= WORDS_COMMON)
		words.needed[1] = piece.has[1];
	if (read.exact && !r.inexact && space == MATCHER_ONE_SPACE &&
		shortest(read.is) >= WORD_LEAST)
		words.exact = read.is;
	return words;
}
