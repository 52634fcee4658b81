#include "parser/match/matcher.h"

#include "core/buf.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "parser/match/databases.h"
#include "parser/match/pattern.h"
#include "parser/match/staged.h"

#include <assert.h>
#include <stdlib.h>

/* Half of the mails of the world are ASCII and cannot match a pattern in Cyrillic or Chinese, of which there
 * are hundreds: those that need a byte above 127 are a database of their own. */
enum half { HALF_ANY, HALF_HIGH, HALVES };

/* The last patterns may be those that are part of the program. */
struct matcher {
	hs_database_t *compiled[HALVES]; /* NULL: no pattern */
	size_t n_compiled;               /* the patterns of `staged` stand behind these */
	struct staged staged;
	struct arena *arena; /* of the patterns */
	struct patterns patterns;
};

/* To compile a pattern by itself takes as long as a thousand verdicts: it is done when as much was spent without it. */
enum { ASKED_BEFORE_ALONE = 1000 };
/* Bytes of squeezed text that a scratch has room for from one text to the next. */
enum { SQUEEZED_KEPT = 1 << 20 };
/* As many patterns one by one cost what all that wait cost together. */
enum { CALLED_ALONE = 8 };

/* What is known of one pattern, since it was first asked for. */
struct lone {
	bool known;
	unsigned asked;             /* whether it occurs in a text */
	uint64_t called[WORD_SETS]; /* the search in which one of these words was last found */
	struct width width;
	struct pattern_first first;
	const hs_database_t *database; /* the pattern alone; NULL: not looked for yet */
	hs_database_t *made;           /* the same, if it was compiled here */
};

/* What a scratch keeps for one matcher. */
struct seat {
	const struct matcher *of;
	struct lone *lone; /* a pattern each; NULL: none was asked for yet */
	uint32_t *called;  /* patterns of `staged` whose words are in the text */
	size_t n_called;
	uint64_t searches;
	bool later_fits; /* the scratch is large enough for all that wait together */
};
struct matcher_scratch {
	hs_scratch_t *hs;
	struct seat *seats;
	size_t n;
	struct buf squeezed;
};

/* ---- compiling ---- */

/* Those patterns of the first `n` that belong to one half. */
static hs_error_t compile_half(struct arena *arena, const struct patterns *p, size_t n,
	enum half half, hs_database_t **ret_database, hs_compile_error_t **ret_error)
{
	struct patterns own = patterns_new(arena, n);
	hs_error_t result;

	for (size_t i = 0; i < n; i++)
		if (pattern_needs_high(str_c(p->expressions[i])) == (half == HALF_HIGH))
			patterns_add(&own, p->expressions[i], p->flags[i], p->ids[i]);
	result = databases_compile(&own, ret_database, ret_error);
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

	if (!matcher)
		abort();
	matcher->arena = arena_new();
	matcher->patterns = patterns_read(matcher->arena, patterns, n, space);
	matcher->n_compiled = n - staged_find(&matcher->patterns, &matcher->staged);
	for (int i = 0; i < HALVES; i++) {
		if (compile_half(arena, &matcher->patterns, matcher->n_compiled, (enum half)i,
			    &matcher->compiled[i], &error) == HS_SUCCESS)
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
	for (size_t i = 0; i < HALVES; i++)
		hs_free_database(matcher->compiled[i]);
	arena_free(matcher->arena);
	free(matcher);
}

struct str matcher_serialize(
	struct arena *arena, const struct str *patterns, size_t n, enum matcher_space space)
{
	hs_compile_error_t *error = NULL;
	struct str bytes;

	if (staged_make(arena, patterns, n, space, &bytes, &error) != HS_SUCCESS)
		abort(); /* out of memory: they compile */
	return bytes;
}

bool matcher_is_embedded(const struct matcher *matcher)
{
	return matcher->staged.n > 0;
}

/* ---- a scratch ---- */

static void need_scratch(struct matcher_scratch *scratch, const hs_database_t *database)
{
	if (database && hs_alloc_scratch(database, &scratch->hs) != HS_SUCCESS)
		abort(); /* out of memory: a database of ours is valid */
}

struct matcher_scratch *matcher_scratch_new(const struct matcher *const *matchers, size_t n)
{
	struct matcher_scratch *scratch = calloc(1, sizeof *scratch);

	if (scratch)
		scratch->seats = calloc(n + 1, sizeof *scratch->seats);
	if (!scratch || !scratch->seats)
		abort();
	buf_init(&scratch->squeezed, LIMIT_MIME_BYTES * 4);
	scratch->n = n;
	for (size_t i = 0; i < n; i++) {
		scratch->seats[i].of = matchers[i];
		for (size_t k = 0; k < HALVES; k++)
			need_scratch(scratch, matchers[i]->compiled[k]);
		for (size_t k = 0; k < STAGE_LATER; k++)
			need_scratch(scratch, matchers[i]->staged.database[k]);
	}
	return scratch;
}

static void free_seat(struct seat *seat)
{
	for (size_t i = 0; seat->lone && i < seat->of->patterns.n; i++)
		hs_free_database(seat->lone[i].made);
	free(seat->lone);
	free(seat->called);
}

void matcher_scratch_free(struct matcher_scratch *scratch)
{
	if (!scratch)
		return;
	hs_free_scratch(scratch->hs);
	for (size_t i = 0; i < scratch->n; i++)
		free_seat(&scratch->seats[i]);
	buf_release(&scratch->squeezed);
	free(scratch->seats);
	free(scratch);
}

static struct seat *seat_of(struct matcher_scratch *scratch, const struct matcher *matcher)
{
	struct seat *seat = scratch->seats;

	while (seat->of != matcher)
		assert(seat < scratch->seats + scratch->n), seat++;
	if (!seat->lone) {
		seat->lone = calloc(matcher->patterns.n + 1, sizeof *seat->lone);
		seat->called = calloc(matcher->patterns.n + 1, sizeof *seat->called);
		if (!seat->lone || !seat->called)
			abort();
	}
	return seat;
}

/* The pattern alone, if the build made that. */
static bool find_alone(struct matcher_scratch *scratch, const struct seat *seat, size_t pattern)
{
	struct lone *lone = &seat->lone[pattern];
	const struct matcher *matcher = seat->of;

	if (!lone->database && pattern >= matcher->n_compiled) {
		lone->database = staged_alone(&matcher->staged, pattern - matcher->n_compiled);
		need_scratch(scratch, lone->database);
	}
	return lone->database;
}

static void compile_alone(struct matcher_scratch *scratch, const struct seat *seat, size_t pattern)
{
	struct lone *lone = &seat->lone[pattern];

	lone->made = databases_compile_alone(&seat->of->patterns, pattern);
	lone->database = lone->made;
	need_scratch(scratch, lone->database);
}

/* ---- searching ---- */

struct call {
	matcher_found *found;
	void *context;
	size_t first; /* what a match is told by, more than its id */
	struct seat *seat;
	bool ascii; /* is the text? */
};

static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	const struct call *call = context;

	(void)from;
	(void)flags;
	return !call->found(call->context, call->first + id, (size_t)to);
}

static void note_words(struct seat *seat, struct staged_waiter waiter)
{
	size_t pattern = seat->of->n_compiled + waiter.pattern;
	struct lone *lone = &seat->lone[pattern];

	if (lone->called[waiter.set] == seat->searches)
		return;
	lone->called[waiter.set] = seat->searches;
	if (waiter.only || lone->called[!waiter.set] == seat->searches)
		seat->called[seat->n_called++] = (uint32_t)pattern;
}

static bool on_word(void *context, size_t word, size_t to)
{
	const struct call *call = context;
	const struct staged *staged = &call->seat->of->staged;
	size_t i, end;

	staged_waiters(staged, word, &i, &end);
	for (; i < end; i++) {
		struct staged_waiter waiter = staged_waiter(staged, i);

		if (waiter.ascii && !call->ascii)
			continue;
		if (!waiter.exact)
			note_words(call->seat, waiter);
		else if (!call->found(call->context, call->first + waiter.pattern, to))
			return false;
	}
	return true;
}

/* False where the callback wants no more. */
static bool scan(const hs_database_t *database, struct matcher_scratch *scratch, struct str text,
	match_event_handler on_event, struct call call)
{
	hs_error_t result;

	if (!database)
		return true;
	result = hs_scan(database, text.p, (unsigned)text.n, 0, scratch->hs, on_event, &call);
	assert(result == HS_SUCCESS || result == HS_SCAN_TERMINATED);
	return result == HS_SUCCESS;
}

static struct str squeezed(struct matcher_scratch *scratch, struct str text)
{
	struct buf *out = &scratch->squeezed;
	bool space = false;
	char *at;

	if (out->cap > SQUEEZED_KEPT && text.n <= SQUEEZED_KEPT)
		buf_release(out);
	buf_reset(out);
	at = buf_reserve(out, text.n);
	for (size_t i = 0; i < text.n; i++) {
		bool is_space = ascii_space(text.p[i]);

		if (!is_space || !space)
			*at++ = is_space ? ' ' : text.p[i];
		space = is_space;
	}
	return str_from(out->p, (size_t)(at - out->p));
}

static bool scan_later(
	struct seat *seat, struct matcher_scratch *scratch, struct str text, struct call call)
{
	const hs_database_t *later = seat->of->staged.database[STAGE_LATER];

	if (!seat->later_fits)
		need_scratch(scratch, later);
	seat->later_fits = true;
	call.first = seat->of->n_compiled;
	return scan(later, scratch, text, on_match, call);
}

static bool scan_called(
	struct seat *seat, struct matcher_scratch *scratch, struct str text, struct call call)
{
	if (seat->n_called > CALLED_ALONE)
		return scan_later(seat, scratch, text, call);
	for (size_t i = 0; i < seat->n_called; i++) {
		call.first = seat->called[i];
		if (!find_alone(scratch, seat, call.first))
			compile_alone(scratch, seat, call.first);
		if (!scan(seat->lone[call.first].database, scratch, text, on_match, call))
			return false;
	}
	return true;
}

static void scan_staged(
	struct seat *seat, struct matcher_scratch *scratch, struct str text, struct call call)
{
	const struct staged *staged = &seat->of->staged;

	seat->searches++;
	seat->n_called = 0;
	call.seat = seat;
	call.first = seat->of->n_compiled;
	if (!scan(staged->database[STAGE_FIRST], scratch, text, on_match, call) ||
		!wordset_scan(&staged->words, staged->squeezed ? squeezed(scratch, text) : text,
			on_word, &call))
		return;
	if (scan_called(seat, scratch, text, call) && !call.ascii)
		scan(staged->database[STAGE_HIGH], scratch, text, on_match, call);
}

void matcher_scan(const struct matcher *matcher, struct matcher_scratch *scratch, struct str text,
	matcher_found *found, void *context)
{
	struct call call = { found, context, 0, NULL, utf8_is_ascii(text) };

	if (!text.n)
		return;
	assert(text.n <= LIMIT_MIME_BYTES * 4);
	if (scan(matcher->compiled[HALF_ANY], scratch, text, on_match, call) &&
		(call.ascii || scan(matcher->compiled[HALF_HIGH], scratch, text, on_match, call)) &&
		matcher->staged.n)
		scan_staged(seat_of(scratch, matcher), scratch, text, call);
}

/* ---- where a match starts ---- */

static const struct lone *known(const struct seat *seat, size_t pattern)
{
	const struct matcher *matcher = seat->of;
	struct lone *lone = &seat->lone[pattern];

	if (!lone->known) {
		lone->known = true;
		lone->width =
			pattern < matcher->n_compiled
				? patterns_width(&matcher->patterns, pattern)
				: staged_width(&matcher->staged, pattern - matcher->n_compiled);
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

static bool occurs_in(
	const struct seat *seat, struct matcher_scratch *scratch, size_t pattern, struct str text)
{
	struct looking l = { pattern, false };
	struct lone *lone = &seat->lone[pattern];
	struct call call = { on_wanted, &l, pattern, NULL, false };

	if (!find_alone(scratch, seat, pattern)) {
		if (++lone->asked < ASKED_BEFORE_ALONE) {
			matcher_scan(seat->of, scratch, text, on_wanted, &l);
			return l.found;
		}
		compile_alone(scratch, seat, pattern);
	}
	scan(lone->database, scratch, text, on_match, call);
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
	const struct seat *seat = seat_of(scratch, matcher);
	const struct lone *lone = known(seat, pattern);
	size_t low = to > lone->width.most ? to - lone->width.most : 0;
	size_t high = to - lone->width.least + 1, at, n;

	while (n = count_starts(lone, text, low, high, 0, &at), n > 1) {
		size_t middle;

		count_starts(lone, text, low, high, n / 2, &middle);
		if (occurs_in(seat, scratch, pattern, str_slice(text, middle, to)))
			low = middle;
		else
			high = middle;
	}
	return at;
}
