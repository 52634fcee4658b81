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
static char *bytes; /* the embedded database, to be damaged */

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
	struct str made;

	arena = arena_new();
	matchers_embedded[0] = (struct embedded_file){ 0 };
	matcher = compile(builtin, N_BUILTIN);
	ck_assert(!matcher_is_embedded(matcher));
	made = matcher_serialize(arena, builtin, N_BUILTIN, MATCHER_ONE_SPACE, matcher);
	bytes = arena_alloc(arena, made.n);
	memcpy(bytes, made.p, made.n);
	matchers_embedded[0] = (struct embedded_file){ "test", bytes, made.n };
	matcher_free(matcher);
}

static void teardown(void)
{
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

enum { SEAL_BYTES = 16, VERSION_AT = SEAL_BYTES + 8 + 4 };

/* Made by another version of the library, cut short, or for a processor with what no one has. */
START_TEST(what_the_library_refuses_is_compiled)
{
	const size_t whole = matchers_embedded[0].n;

	bytes[VERSION_AT] ^= 1;
	ck_patterns(false);
	bytes[VERSION_AT] ^= 1;
	ck_patterns(true);
	for (size_t n = 0; n < whole; n += n < 64 ? 1 : whole / 8) {
		matchers_embedded[0].n = n;
		ck_patterns(false);
	}
	matchers_embedded[0].n = whole;
	bytes[whole / 2] ^= 1; /* the checksum finds it */
	ck_patterns(false);
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
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
