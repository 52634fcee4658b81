// links: parser
// matchers: own
// Check program of parser/match/matcher: with a table of embedded databases that the test itself fills.
#include "core/embedded.h"
#include "parser/match/matcher.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* In the place of the build's own. */
extern struct embedded_file matchers_embedded[2];
struct embedded_file matchers_embedded[2];

static const struct str patterns[] = { STR_INIT("xyzzy"), STR_INIT("user unknown"),
	STR_INIT("mailbox .*full") };
static const struct str *const builtin = patterns + 1;
enum { N_BUILTIN = ARRAY_LEN(patterns) - 1 };

static struct arena *arena;
static char *bytes; /* what is embedded, to be damaged */

/* Where a program has it. */
static void embed(struct str made)
{
	enum { LINE = 64 };

	free(bytes);
	bytes = aligned_alloc(LINE, (made.n + LINE - 1) / LINE * LINE);
	ck_assert_ptr_nonnull(bytes);
	memcpy(bytes, made.p, made.n);
	matchers_embedded[0] = (struct embedded_file){ "test", bytes, made.n };
}

static struct matcher *compile(const struct str *from, size_t n)
{
	struct matcher *matcher = NULL;
	struct str why = STR_EMPTY;
	size_t bad;

	ck_assert_int_eq(
		matcher_compile(arena, from, n, MATCHER_ONE_SPACE, &matcher, &bad, &why), ERR_OK);
	return matcher;
}

static void setup(void)
{
	struct matcher *matcher;

	arena = arena_new();
	matchers_embedded[0] = (struct embedded_file){ 0 };
	matcher = compile(builtin, N_BUILTIN);
	ck_assert(!matcher_is_embedded(matcher));
	matcher_free(matcher);
	embed(matcher_serialize(arena, builtin, N_BUILTIN, MATCHER_ONE_SPACE));
}

static void teardown(void)
{
	free(bytes);
	bytes = NULL;
	arena_free(arena);
}

static bool note(void *context, size_t pattern, size_t to)
{
	unsigned *seen = context;

	(void)to;
	*seen |= 1u << pattern;
	return true;
}

/* The patterns that occur, a bit for each. */
static unsigned seen_in(struct matcher *matcher, const char *text)
{
	const struct matcher *matchers[] = { matcher };
	struct matcher_scratch *scratch = matcher_scratch_new(matchers, 1);
	unsigned seen = 0;

	matcher_scan(matcher, scratch, str_c(text), note, &seen);
	matcher_scratch_free(scratch);
	return seen;
}

static void ck_patterns(bool embedded)
{
	struct matcher *matcher = compile(patterns, ARRAY_LEN(patterns));

	ck_assert_int_eq(matcher_is_embedded(matcher), embedded);
	ck_assert_uint_eq(seen_in(matcher, "xyzzy"), 1);
	ck_assert_uint_eq(seen_in(matcher, "User Unknown"), 2);
	ck_assert_uint_eq(seen_in(matcher, "mailbox is full"), 4);
	ck_assert_uint_eq(seen_in(matcher, "user unknown, xyzzy mailbox full"), 7);
	ck_assert_uint_eq(seen_in(matcher, "nothing"), 0);
	matcher_free(matcher);
}

START_TEST(the_last_patterns_may_be_embedded)
{
	struct matcher *alone = compile(builtin, N_BUILTIN);

	ck_assert(matcher_is_embedded(alone));
	ck_assert_uint_eq(seen_in(alone, "user unknown"), 1);
	matcher_free(alone);
	ck_patterns(true);
}
END_TEST

START_TEST(others_are_not_taken_for_them)
{
	struct matcher *first = compile(patterns, 2), *none = compile(patterns, 0);

	ck_assert(!matcher_is_embedded(first));
	ck_assert(!matcher_is_embedded(none));
	ck_assert_uint_eq(seen_in(first, "user unknown"), 2);
	ck_assert_uint_eq(seen_in(none, "user unknown"), 0);
	matcher_free(first);
	matcher_free(none);
}
END_TEST

/* Texts of ASCII are not searched for patterns that need more; each of these has a way without. */
START_TEST(what_ascii_can_match_is_found_in_it)
{
	static const struct {
		const char *pattern, *text;
	} cases[] = { { "(почта|mailbox) full", "mailbox full" }, { "ящик|inbox", "inbox" },
		{ "(ящик )?full", "full" }, { "é?cole", "cole" }, { "é*cole", "cole" },
		{ "é{0,2}cole", "cole" }, { "[éa]b", "ab" }, { "[^é]b", "ab" }, { "[\\]é]b", "]b" },
		{ "(é|a)(b|c)", "ac" }, { "\\((é|a)\\)", "(a)" }, { "a\\|b|é", "a|b" },
		{ "(a|(é))(b)", "ab" },
		{ "\xC5\xBF"
		  "afe",
			"safe" },
		{ "\xE2\x84\xAA"
		  "ey",
			"key" } };

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct str both[] = { str_c(cases[i].pattern), STR_INIT("нет места") };
		struct matcher *matcher = compile(both, ARRAY_LEN(both));

		ck_assert_msg(seen_in(matcher, cases[i].text) == 1, "%s", cases[i].pattern);
		ck_assert_uint_eq(seen_in(matcher, "nothing"), 0);
		ck_assert_uint_eq(seen_in(matcher, "Нет места"), 2);
		matcher_free(matcher);
	}
}
END_TEST

/* Groups beyond what the search for such bytes goes into: the pattern is kept with those of ASCII. */
START_TEST(deep_groups_are_found_too)
{
	const char *open = "((((((((((((((((((((((((((((((((((((((((";
	const char *close = "))))))))))))))))))))))))))))))))))))))))";
	const struct str pattern = arena_printf(arena, "%sa%s|%s%s", open, close, "ж", "d");
	struct matcher *matcher = compile(&pattern, 1);

	ck_assert_uint_eq(seen_in(matcher, "a"), 1);
	ck_assert_uint_eq(seen_in(matcher, "жd"), 1);
	matcher_free(matcher);
}
END_TEST

/* Behind the seal, and two databases that these patterns do not need, is where the third one is; its version is its second number. */
enum { EXTENT_AT = 24 + 2 * 8, VERSION_AT = 4 };

/* Made by another version of the library, or cut short. */
START_TEST(what_the_library_refuses_is_compiled)
{
	const size_t whole = matchers_embedded[0].n;
	uint32_t from;

	memcpy(&from, bytes + EXTENT_AT, sizeof from);
	ck_assert_uint_gt(from, 0);
	bytes[from + VERSION_AT] ^= 1;
	ck_patterns(false);
	bytes[from + VERSION_AT] ^= 1;
	ck_patterns(true);
	for (size_t n = 0; n < whole; n += n < 64 ? 1 : whole / 8) {
		matchers_embedded[0].n = n;
		ck_patterns(false);
	}
}
END_TEST

/* ---- in stages or at once ---- */

enum { ENDS = 4096 };
struct ends {
	uint64_t at[ENDS]; /* pattern << 32 | to */
	size_t n;
};

static bool note_end(void *context, size_t pattern, size_t to)
{
	struct ends *ends = context;

	ck_assert_uint_lt(ends->n, ENDS);
	ends->at[ends->n++] = (uint64_t)pattern << 32 | to;
	return true;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Each end once. */
static void ends_in(struct matcher *matcher, struct str text, struct ends *ret)
{
	const struct matcher *matchers[] = { matcher };
	struct matcher_scratch *scratch = matcher_scratch_new(matchers, 1);
	size_t n = 0;

	ret->n = 0;
	matcher_scan(matcher, scratch, text, note_end, ret);
	matcher_scratch_free(scratch);
	qsort(ret->at, ret->n, sizeof *ret->at, by_value);
	for (size_t i = 0; i < ret->n; i++)
		if (!i || ret->at[i] != ret->at[i - 1])
			ret->at[n++] = ret->at[i];
	ret->n = n;
}

/* Any of a few pieces, one behind the other; a third of them in a group that may be left out, come again or be another. */
static struct str any_pattern(void)
{
	static const char *const pieces[] = { "user", "unknown", "mailbox ", " full", "box", "no",
		" ", "\\b", "^", "$", ".*", "[^.]*", "[ab]", "\\d", " ?", "\\.", "é", "ключ",
		"(user|box)", "( \\S+){0,2}" };
	struct str pattern = STR_EMPTY;

	for (long n = 1 + random() % 3; n; n--) {
		const char *piece = pieces[(size_t)random() % ARRAY_LEN(pieces)];

		switch (random() % 9) {
		case 0:
			pattern = arena_printf(arena, "%.*s(%s|unknown)", STR_ARG(pattern), piece);
			break;
		case 1:
			pattern = arena_printf(arena, "%.*s(box%s)?", STR_ARG(pattern), piece);
			break;
		case 2:
			pattern = arena_printf(arena, "%.*s(unknown%s)*", STR_ARG(pattern), piece);
			break;
		default:
			pattern = arena_printf(arena, "%.*s%s", STR_ARG(pattern), piece);
		}
	}
	return arena_printf(arena, "(%.*s)z?user", STR_ARG(pattern));
}

static struct str any_text(enum matcher_space space)
{
	static const char *const pieces[] = { "User", "user", "user", "unknown", "mailbox full",
		"box", "no", "a", "b", "1", ".", "x", "yy", "z", "\xC3\xA9",
		"\xD0\xBA\xD0\xBB\xD1\x8E\xD1\x87" };
	static const char *const gaps[] = { "", "", " ", "\n", "  \t", " \r\n " };
	struct str text = STR_EMPTY;

	for (long n = random() % 100; n; n--)
		text = arena_printf(arena, "%.*s%s%s", STR_ARG(text),
			gaps[(size_t)random() % (space == MATCHER_ONE_SPACE ? 3 : ARRAY_LEN(gaps))],
			pieces[(size_t)random() % ARRAY_LEN(pieces)]);
	return text;
}

static size_t ck_stages(enum matcher_space space, size_t n)
{
	static struct ends at_once, in_stages;
	struct str many[20], why;
	struct matcher *plain, *staged;
	size_t bad, n_ends = 0;

	for (size_t i = 0; i < n; i++)
		many[i] = any_pattern();
	matchers_embedded[0] = (struct embedded_file){ 0 };
	if (matcher_compile(arena, many, n, space, &plain, &bad, &why))
		return 0; /* one of them cannot match at all */
	embed(matcher_serialize(arena, many, n, space));
	ck_assert_int_eq(matcher_compile(arena, many, n, space, &staged, &bad, &why), ERR_OK);
	ck_assert(matcher_is_embedded(staged));
	for (int k = 0; k < 40; k++) {
		struct str text = any_text(space);

		ends_in(plain, text, &at_once);
		ends_in(staged, text, &in_stages);
		ck_assert_msg(in_stages.n == at_once.n && !memcmp(in_stages.at, at_once.at,
								  at_once.n * sizeof *at_once.at),
			"%zu and %zu ends in \"%.*s\", the first pattern %.*s", in_stages.n,
			at_once.n, STR_ARG(text), STR_ARG(many[0]));
		n_ends += in_stages.n;
	}
	matcher_free(plain);
	matcher_free(staged);
	return n_ends;
}

/* A few patterns wait one by one, many together. */
START_TEST(stages_find_what_one_pass_finds)
{
	size_t one_space = 0, runs = 0;

	srandom(7);
	for (int round = 0; round < 120; round++) {
		one_space += ck_stages(MATCHER_ONE_SPACE, 1 + (size_t)round % 20);
		runs += ck_stages(MATCHER_SPACE_RUN, 1 + (size_t)round % 20);
	}
	ck_assert_uint_gt(one_space, 1000);
	ck_assert_uint_gt(runs, 1000);
}
END_TEST

/* Asked so often that the patterns are compiled alone on the way. */
START_TEST(a_start_is_found_behind_its_end)
{
	static const char text[] = "a \xC3\xA4 mailbox mailbox is full, user unknown, xyzzy; full";
	static const struct {
		size_t pattern;
		const char *from, *behind;
	} cases[] = { { 0, "xyzzy", "; full" }, { 1, "user", ", xyzzy" },
		{ 2, "mailbox is", ", user" }, { 2, "mailbox is", "" } };
	struct matcher *matcher = compile(patterns, ARRAY_LEN(patterns));
	const struct matcher *matchers[] = { matcher };
	struct matcher_scratch *scratch = matcher_scratch_new(matchers, 1);

	for (size_t i = 0; i < 1250 * ARRAY_LEN(cases); i++) {
		size_t k = i % ARRAY_LEN(cases);
		const char *behind = strstr(text, cases[k].behind);
		size_t to = *cases[k].behind ? (size_t)(behind - text) : sizeof text - 1;

		ck_assert_uint_eq(
			matcher_start(matcher, scratch, cases[k].pattern, str_c(text), to),
			(size_t)(strstr(text, cases[k].from) - text));
	}
	matcher_scratch_free(scratch);
	matcher_free(matcher);
}
END_TEST

/* A letter of three bytes in front of the shortest match is no part of it. */
START_TEST(a_start_is_found_behind_a_wide_letter)
{
	static const struct str wide[] = { STR_INIT(
		"(user|rcpt)( \\S+)? (not|doesn't) exists?\\b") };
	static const char text[] = "550 \xE5\x9C\xA8(RCPT not exist)";
	struct matcher *matcher = compile(wide, ARRAY_LEN(wide));
	const struct matcher *matchers[] = { matcher };
	struct matcher_scratch *scratch = matcher_scratch_new(matchers, 1);

	ck_assert_uint_eq(matcher_start(matcher, scratch, 0, str_c(text), sizeof text - 2), 8);
	matcher_scratch_free(scratch);
	matcher_free(matcher);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("matcher");
	TCase *tcase = tcase_create("matcher");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_last_patterns_may_be_embedded);
	tcase_add_test(tcase, others_are_not_taken_for_them);
	tcase_add_test(tcase, what_ascii_can_match_is_found_in_it);
	tcase_add_test(tcase, deep_groups_are_found_too);
	tcase_add_test(tcase, a_start_is_found_behind_its_end);
	tcase_add_test(tcase, a_start_is_found_behind_a_wide_letter);
	tcase_add_test(tcase, what_the_library_refuses_is_compiled);
	tcase_add_test(tcase, stages_find_what_one_pass_finds);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
