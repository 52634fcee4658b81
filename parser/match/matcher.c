#include "parser/match/matcher.h"

#include "core/embedded.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "parser/match/pattern.h"

#include <assert.h>
#include <hs/hs.h>
#include <stdlib.h>
#include <string.h>

extern const struct embedded_file matchers_embedded[];

/* Half of the mails of the world are ASCII and cannot match a pattern in Cyrillic or Chinese, of which there
 * are hundreds: those that need a byte above 127 are a database of their own. */
enum half { HALF_ANY, HALF_HIGH, HALVES };

struct databases {
	hs_database_t *half[HALVES]; /* NULL: no pattern */
};

struct patterns {
	const char **expressions;
	unsigned *flags, *ids;
	size_t n;
};

/* Bytes of a match; most: UINT32_MAX without a bound. */
struct width {
	uint32_t least, most;
};

/* The last patterns may be those of databases that are part of the program. */
struct matcher {
	struct databases compiled, embedded;
	size_t n_compiled; /* the patterns of `embedded` stand behind these */
	struct str widths; /* of the patterns of `embedded`, a struct width each */
	bool is_embedded;
	struct arena *arena; /* of the patterns */
	struct patterns patterns;
};

/* To compile a pattern by itself takes as long as a thousand verdicts: it is done when as much was spent without it. */
enum { ASKED_BEFORE_ALONE = 1000 };

/* What is known of one pattern, since it was first asked for. */
struct lone {
	bool known;
	unsigned asked; /* whether it occurs in a text */
	struct width width;
	struct pattern_first first;
	hs_database_t *database; /* the pattern alone; NULL: not made yet */
};
struct matcher_scratch {
	hs_scratch_t *hs;
	const struct matcher *of; /* whose patterns `lone` are; NULL: nobody's yet */
	struct lone *lone;
};

/* Unicode case costs states; a pattern of ASCII alone has no use for it, and one with gaps cannot pay
 * for it: where "[^\n]*" is a run of characters instead of bytes, compiling takes seconds. */
static unsigned flags_for(struct str pattern, enum matcher_space space)
{
	unsigned flags = HS_FLAG_CASELESS | HS_FLAG_DOTALL | HS_FLAG_MULTILINE;

	for (size_t i = 0; i < pattern.n && space == MATCHER_ONE_SPACE; i++)
		if ((unsigned char)pattern.p[i] >= 0x80)
			return flags | HS_FLAG_UTF8;
	return flags;
}

static struct patterns read_patterns(
	struct arena *arena, const struct str *patterns, size_t n, enum matcher_space space)
{
	struct patterns p = { arena_calloc(arena, n + 1, sizeof *p.expressions),
		arena_calloc(arena, n + 1, sizeof *p.flags),
		arena_calloc(arena, n + 1, sizeof *p.ids), n };

	for (size_t i = 0; i < n; i++) {
		p.expressions[i] = space == MATCHER_SPACE_RUN
					   ? pattern_with_runs(arena, patterns[i])
					   : arena_c(arena, patterns[i]);
		p.flags[i] = flags_for(patterns[i], space);
		p.ids[i] = (unsigned)i;
	}
	return p;
}

/* ---- databases that were compiled when the program was ---- */

/* What stands in front of a serialized database: how many patterns, and a digest of them. */
struct seal {
	uint64_t n, digest;
};

/* Of the patterns from the first of `from` on: FNV-1a over each with its NUL and flags. */
static struct seal seal_of(const struct patterns *p, size_t from)
{
	struct seal seal = { p->n - from, 14695981039346656037u };

	for (size_t i = from; i < p->n; i++) {
		const char *at = p->expressions[i];

		do
			seal.digest = (seal.digest ^ (unsigned char)*at) * 1099511628211u;
		while (*at++);
		seal.digest = (seal.digest ^ p->flags[i]) * 1099511628211u;
	}
	return seal;
}

static void databases_free(struct databases *databases)
{
	for (size_t i = 0; i < HALVES; i++)
		hs_free_database(databases->half[i]);
	*databases = (struct databases){ 0 };
}

/* Each half is its length, 8 bytes, and what the library made of it; a length of 0: no pattern. Behind them stand widths. */
static bool read_halves(
	struct str bytes, size_t n_widths, struct databases *ret_databases, struct str *ret_widths)
{
	struct databases databases = { 0 };
	bool good = true;

	for (size_t i = 0; good && i < HALVES; i++) {
		uint64_t n = 0;

		good = bytes.n >= sizeof n;
		if (good)
			memcpy(&n, bytes.p, sizeof n);
		bytes = str_skip(bytes, sizeof n);
		good = good && n <= bytes.n &&
		       (!n || hs_deserialize_database(bytes.p, (size_t)n, &databases.half[i]) ==
				       HS_SUCCESS);
		bytes = str_skip(bytes, (size_t)n);
	}
	good = good && bytes.n == n_widths * sizeof(struct width);
	if (!good)
		databases_free(&databases);
	*ret_databases = databases;
	*ret_widths = bytes;
	return good;
}

/* The databases of the program that are made of the last of the patterns; the number of these, 0 without. A
 * library of another version, or a processor that they were not made for, refuses them: then all is
 * compiled, as without them. */
static size_t find_embedded(
	const struct patterns *p, struct databases *ret_databases, struct str *ret_widths)
{
	for (const struct embedded_file *file = matchers_embedded; file->name; file++) {
		struct str bytes = str_from(file->bytes, file->n);
		struct seal seal;

		if (bytes.n < sizeof seal)
			continue;
		memcpy(&seal, bytes.p, sizeof seal);
		if (seal.n && seal.n <= p->n && seal_of(p, p->n - seal.n).digest == seal.digest &&
			read_halves(
				str_skip(bytes, sizeof seal), seal.n, ret_databases, ret_widths))
			return seal.n;
	}
	return 0;
}

static struct width width_of(const struct patterns *p, size_t pattern)
{
	hs_compile_error_t *error = NULL;
	hs_expr_info_t *info = NULL;
	struct width width;

	if (hs_expression_info(p->expressions[pattern], p->flags[pattern], &info, &error) !=
		HS_SUCCESS)
		abort(); /* out of memory: it was compiled before */
	width = (struct width){ info->min_width, info->max_width };
	free(info);
	return width;
}

struct str matcher_serialize(struct arena *arena, const struct str *patterns, size_t n,
	enum matcher_space space, const struct matcher *matcher)
{
	struct patterns p = read_patterns(arena, patterns, n, space);
	struct seal seal = seal_of(&p, 0);
	char *half[HALVES] = { NULL }, *out;
	uint64_t half_n[HALVES] = { 0 };
	size_t at = sizeof seal;

	assert(matcher->n_compiled == n);
	for (size_t i = 0; i < HALVES; i++)
		if (matcher->compiled.half[i] && hs_serialize_database(matcher->compiled.half[i],
							 &half[i], &half_n[i]) != HS_SUCCESS)
			abort();
	out = arena_alloc(arena, at + HALVES * sizeof *half_n + half_n[HALF_ANY] +
					 half_n[HALF_HIGH] + n * sizeof(struct width));
	memcpy(out, &seal, at);
	for (size_t i = 0; i < HALVES; i++) {
		memcpy(out + at, &half_n[i], sizeof half_n[i]);
		at += sizeof half_n[i];
		if (half[i])
			memcpy(out + at, half[i], half_n[i]);
		at += half_n[i];
		free(half[i]);
	}
	for (size_t i = 0; i < n; i++, at += sizeof(struct width)) {
		const struct width width = width_of(&p, i);

		memcpy(out + at, &width, sizeof width);
	}
	return str_from(out, at);
}

bool matcher_is_embedded(const struct matcher *matcher)
{
	return matcher->is_embedded;
}

/* ---- compiling ---- */

/* For any processor that the library runs on, so that what is compiled here is what a build elsewhere
 * embeds: the same matches, whoever compiled them. */
static const hs_platform_info_t any_platform = { 0 };

/* Those patterns of the first `n` that belong to one half. ERR_OK with no database where there are none. */
static hs_error_t compile_half(struct arena *arena, const struct patterns *p, size_t n,
	enum half half, hs_database_t **ret_database, hs_compile_error_t **ret_error)
{
	struct patterns own = { arena_calloc(arena, n + 1, sizeof *own.expressions),
		arena_calloc(arena, n + 1, sizeof *own.flags),
		arena_calloc(arena, n + 1, sizeof *own.ids), 0 };
	hs_error_t result UNUSED;

	for (size_t i = 0; i < n; i++) {
		if (pattern_needs_high(str_c(p->expressions[i])) != (half == HALF_HIGH))
			continue;
		own.expressions[own.n] = p->expressions[i];
		own.flags[own.n] = p->flags[i];
		own.ids[own.n++] = p->ids[i];
	}
	if (!own.n)
		return HS_SUCCESS;
	result = hs_compile_multi(own.expressions, own.flags, own.ids, (unsigned)own.n,
		HS_MODE_BLOCK, &any_platform, ret_database, ret_error);
	if (result != HS_SUCCESS && (*ret_error)->expression >= 0)
		(*ret_error)->expression = (int)own.ids[(*ret_error)->expression];
	return result;
}

enum err matcher_compile(struct arena *arena, const struct str *patterns, size_t n,
	enum matcher_space space, struct matcher **ret_matcher, size_t *ret_bad,
	struct str *ret_why)
{
	hs_compile_error_t *error = NULL;
	struct matcher *matcher = calloc(1, sizeof *matcher);
	struct patterns *p;
	size_t n_embedded;

	if (!matcher)
		abort();
	matcher->arena = arena_new();
	matcher->patterns = read_patterns(matcher->arena, patterns, n, space);
	p = &matcher->patterns;
	n_embedded = find_embedded(p, &matcher->embedded, &matcher->widths);
	matcher->is_embedded = n_embedded > 0;
	matcher->n_compiled = n - n_embedded;
	for (int i = 0; i < HALVES; i++) {
		if (compile_half(arena, p, matcher->n_compiled, (enum half)i,
			    &matcher->compiled.half[i], &error) == HS_SUCCESS)
			continue;
		*ret_bad = error->expression >= 0 ? (size_t)error->expression : n;
		*ret_why = arena_dup(arena, str_c(error->message));
		hs_free_compile_error(error);
		matcher_free(matcher);
		return *ret_bad < n ? ERR_SYNTAX : ERR_LIMIT;
	}
	*ret_matcher = matcher;
	return ERR_OK;
}

void matcher_free(struct matcher *matcher)
{
	if (!matcher)
		return;
	databases_free(&matcher->compiled);
	databases_free(&matcher->embedded);
	arena_free(matcher->arena);
	free(matcher);
}

static void need_scratch(struct matcher_scratch *scratch, const struct databases *databases)
{
	for (size_t i = 0; i < HALVES; i++)
		if (databases->half[i] &&
			hs_alloc_scratch(databases->half[i], &scratch->hs) != HS_SUCCESS)
			abort(); /* out of memory: a database of ours is valid */
}

struct matcher_scratch *matcher_scratch_new(const struct matcher *const *matchers, size_t n)
{
	struct matcher_scratch *scratch = calloc(1, sizeof *scratch);

	if (!scratch)
		abort();
	for (size_t i = 0; i < n; i++) {
		need_scratch(scratch, &matchers[i]->compiled);
		need_scratch(scratch, &matchers[i]->embedded);
	}
	return scratch;
}

void matcher_scratch_free(struct matcher_scratch *scratch)
{
	if (!scratch)
		return;
	hs_free_scratch(scratch->hs);
	for (size_t i = 0; scratch->of && i < scratch->of->patterns.n; i++)
		hs_free_database(scratch->lone[i].database);
	free(scratch->lone);
	free(scratch);
}

struct call {
	matcher_found *found;
	void *context;
	size_t first; /* position of the database's first pattern */
};

static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	const struct call *call = context;

	(void)from;
	(void)flags;
	return !call->found(call->context, call->first + id, (size_t)to);
}

/* False where the callback wants no more. */
static bool scan(const struct databases *databases, size_t halves, struct matcher_scratch *scratch,
	struct str text, struct call call)
{
	hs_error_t result = HS_SUCCESS;

	for (size_t i = 0; i < halves && result == HS_SUCCESS; i++) {
		if (!databases->half[i])
			continue;
		result = hs_scan(databases->half[i], text.p, (unsigned)text.n, 0, scratch->hs,
			on_match, &call);
		assert(result == HS_SUCCESS || result == HS_SCAN_TERMINATED);
	}
	return result == HS_SUCCESS;
}

void matcher_scan(const struct matcher *matcher, struct matcher_scratch *scratch, struct str text,
	matcher_found *found, void *context)
{
	struct call call = { found, context, 0 };
	size_t halves = utf8_is_ascii(text) ? HALF_HIGH : HALVES;

	if (!text.n)
		return;
	assert(text.n <= LIMIT_MIME_BYTES * 4);
	if (!scan(&matcher->compiled, halves, scratch, text, call))
		return;
	call.first = matcher->n_compiled;
	scan(&matcher->embedded, halves, scratch, text, call);
}

/* ---- where a match starts ---- */

static struct width known_width(const struct matcher *matcher, size_t pattern)
{
	struct width width;

	if (pattern < matcher->n_compiled)
		return width_of(&matcher->patterns, pattern);
	memcpy(&width, matcher->widths.p + (pattern - matcher->n_compiled) * sizeof width,
		sizeof width);
	return width;
}

static void compile_alone(const struct patterns *p, size_t pattern, struct matcher_scratch *scratch,
	struct lone *lone)
{
	hs_compile_error_t *error = NULL;

	if (hs_compile(p->expressions[pattern], p->flags[pattern], HS_MODE_BLOCK, NULL,
		    &lone->database, &error) != HS_SUCCESS ||
		hs_alloc_scratch(lone->database, &scratch->hs) != HS_SUCCESS)
		abort(); /* out of memory, likewise */
}

static struct lone *lone_of(
	const struct matcher *matcher, struct matcher_scratch *scratch, size_t pattern)
{
	struct lone *lone;

	if (!scratch->of) {
		scratch->of = matcher;
		scratch->lone = calloc(matcher->patterns.n, sizeof *scratch->lone);
		if (!scratch->lone)
			abort();
	}
	assert(scratch->of == matcher);
	lone = &scratch->lone[pattern];
	if (!lone->known) {
		lone->known = true;
		lone->width = known_width(matcher, pattern);
		lone->first = pattern_first(str_c(matcher->patterns.expressions[pattern]));
	}
	return lone;
}

struct looking {
	size_t wanted;
	bool found;
};

static bool on_wanted(void *context, size_t pattern, size_t to)
{
	struct looking *l = context;

	(void)to;
	l->found = pattern == l->wanted;
	return !l->found;
}

static int on_lone(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	bool *found = context;

	(void)id;
	(void)from;
	(void)to;
	(void)flags;
	*found = true;
	return 1;
}

static bool occurs_in(const struct matcher *matcher, struct matcher_scratch *scratch,
	struct lone *lone, size_t pattern, struct str text)
{
	struct looking l = { pattern, false };
	hs_error_t result UNUSED;

	if (lone->asked < ASKED_BEFORE_ALONE && ++lone->asked == ASKED_BEFORE_ALONE)
		compile_alone(&matcher->patterns, pattern, scratch, lone);
	if (!lone->database) {
		matcher_scan(matcher, scratch, text, on_wanted, &l);
		return l.found;
	}
	result = hs_scan(
		lone->database, text.p, (unsigned)text.n, 0, scratch->hs, on_lone, &l.found);
	assert(result == HS_SUCCESS || result == HS_SCAN_TERMINATED);
	return l.found;
}

/* How many characters in text[from, to) the pattern may start with; where the one behind `before` others stands. */
static size_t count_starts(const struct lone *lone, struct str text, size_t from, size_t to,
	size_t before, size_t *ret_at)
{
	size_t n = 0;

	*ret_at = from;
	for (size_t i = from; i < to; i++) {
		if (!pattern_may_start(&lone->first, text.p[i]) || (text.p[i] & 0xC0) == 0x80)
			continue;
		if (n++ == before)
			*ret_at = i;
	}
	return n;
}

/* By halving: a pattern that occurs in text[k, to) occurs in every longer one. To ask once more for the few
 * bytes of one verdict, and for its pattern alone, is cheaper than to have the start of every match told; and where only one
 * character can start it, which is so of most, nothing has to be asked. */
size_t matcher_start(const struct matcher *matcher, struct matcher_scratch *scratch, size_t pattern,
	struct str text, size_t to)
{
	struct lone *lone = lone_of(matcher, scratch, pattern);
	const struct width width = lone->width;
	size_t low = to > width.most ? to - width.most : 0;
	size_t high = to - width.least + 1, at, n;

	while (n = count_starts(lone, text, low, high, 0, &at), n > 1) {
		size_t middle;

		count_starts(lone, text, low, high, n / 2, &middle);
		if (occurs_in(matcher, scratch, lone, pattern, str_slice(text, middle, to)))
			low = middle;
		else
			high = middle;
	}
	return at;
}
