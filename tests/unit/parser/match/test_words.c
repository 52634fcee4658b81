// links: parser
// Check program of parser/match/words: what must stand in a text for a pattern to match.
#include "parser/match/words.h"
#include "tests/support/suite.h"

#include <check.h>

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

static struct str joined(struct word_set set)
{
	struct str all = STR_EMPTY;

	for (size_t i = 0; i < set.n; i++)
		all = arena_printf(
			arena, "%.*s%s%.*s", STR_ARG(all), i ? "|" : "", STR_ARG(set.word[i]));
	return all;
}

struct case_of {
	const char *pattern, *first, *second, *exact;
};

static void ck_words(enum matcher_space space, const struct case_of *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct words words = words_of(arena, str_c(cases[i].pattern), space,
			STR("the user the user is is common common common"));
		struct str got =
			arena_printf(arena, "%.*s / %.*s / %.*s", STR_ARG(joined(words.needed[0])),
				STR_ARG(joined(words.needed[1])), STR_ARG(joined(words.exact)));
		struct str want = arena_printf(
			arena, "%s / %s / %s", cases[i].first, cases[i].second, cases[i].exact);

		ck_assert_msg(str_eq(got, want), "%s: %.*s, not %.*s", cases[i].pattern,
			STR_ARG(got), STR_ARG(want));
	}
}

START_TEST(words_are_told_of_patterns)
{
	static const struct case_of cases[] = {
		/* words alone are the match */
		{ "User Unknown", "user unknown", "", "user unknown" },
		{ "(no|bad) mailbox", "no mailbox|bad mailbox", "", "no mailbox|bad mailbox" },
		{ "mail ?box", "mail box|mailbox", "", "mail box|mailbox" },
		{ "e-?mails?", "e-mail|email", "", "e-mails|e-mail|emails|email" },
		{ "organi[sz]ation", "organisation|organization", "", "organisation|organization" },
		{ "5\\.1\\.1 nobody", "5.1.1 nobody", "", "5.1.1 nobody" },
		/* borders and gaps are not */
		{ "\\bunknown\\b", "unknown", "", "" },
		{ "^nobody here$", "nobody here", "", "" },
		{ "mailbox .*full", "mailbox ", "", "" },
		{ "unknown( \\S+){0,3} recipient", " recipient", "", "" },
		{ "quota (\\d+ )?exceeded", "exceeded", "", "" },
		/* of common words, another set beside it */
		{ "the user.*common words", "common words", "", "" },
		{ "the user[^.]* (is )?common", "the user", " common", "" },
		/* what may be left out is not needed */
		{ "(mailbox )?.*full", "full", "", "" },
		{ "mailbox?", "mailbo", "", "mailbox|mailbo" },
		{ "(account|box)* closed", " closed", "", "" },
		/* what is there at least once is */
		{ "(user )+.*unknown", "unknown", "", "" },
		/* nothing is known */
		{ "no", "", "", "" },
		{ "[a-z]+", "", "", "" },
		{ "full|no", "", "", "" },
		{ "full|.*", "", "", "" },
		{ "(?i)full", "", "", "" },
		{ "fu[^x]", "", "", "" },
		{ "(full", "", "", "" },
		{ "full)", "", "", "" },
		{ "[full", "", "", "" },
		/* alternatives: one word of each */
		{ "quota .*full|box .*closed", "quota |closed", "", "" },
	};

	ck_words(MATCHER_ONE_SPACE, cases, ARRAY_LEN(cases));
}
END_TEST

START_TEST(a_run_of_white_space_is_one_space)
{
	static const struct case_of cases[] = {
		{ "could not be delivered", "could not be delivered", "", "" },
		{ "nobody", "nobody", "", "" },
		{ "no ?body", "no body|nobody", "", "" },
		{ "no *body", "no body|nobody", "", "" },
		{ "no\\s+\\s*body", "no body", "", "" },
		{ "^ *nobody *\\r?$", "nobody", "", "" },
		{ "failed: *\\r?\\n", "failed: ", "", "" },
	};

	ck_words(MATCHER_SPACE_RUN, cases, ARRAY_LEN(cases));
}
END_TEST

/* More than WORDS_MOST together: the parts are taken by themselves. */
START_TEST(words_are_bounded)
{
	static const char pattern[] =
		"(aaaa|bbbb|cccc|dddd|eeee)(ffff|gggg|hhhh|iiii|jjjj)(kkkk|llll|"
		"mmmm|nnnn|oooo)(pppp|qqqq|rrrr|ssss|tttt)";
	struct words words = words_of(arena, str_c(pattern), MATCHER_ONE_SPACE, STR_EMPTY);

	ck_assert_uint_ge(words.needed[0].n, 1);
	ck_assert_uint_le(words.needed[0].n, WORDS_MOST);
	ck_assert_uint_eq(words.exact.n, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("words");
	TCase *tcase = tcase_create("words");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, words_are_told_of_patterns);
	tcase_add_test(tcase, a_run_of_white_space_is_one_space);
	tcase_add_test(tcase, words_are_bounded);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
