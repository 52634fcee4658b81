// links: parser
// Check program of parser/match/pattern: what a match may start with.
#include "parser/match/pattern.h"
#include "tests/support/suite.h"

#include <check.h>

enum { ALL = 256 };

/* How many bytes it may start with. */
static size_t count_first(const char *pattern)
{
	const struct pattern_first first = pattern_first(str_c(pattern));
	size_t n = 0;

	for (int i = 0; i < ALL; i++)
		n += pattern_may_start(&first, (char)i);
	return n;
}

/* Exactly these bytes. */
static void ck_first(const char *pattern, const char *bytes)
{
	const struct pattern_first first = pattern_first(str_c(pattern));
	struct str wanted = str_c(bytes);

	for (size_t i = 0; i < wanted.n; i++)
		ck_assert_msg(pattern_may_start(&first, wanted.p[i]), "%s: '%c' is missing",
			pattern, wanted.p[i]);
	ck_assert_msg(
		count_first(pattern) == wanted.n, "%s: %zu bytes", pattern, count_first(pattern));
}

START_TEST(a_first_letter_is_told_in_either_case)
{
	ck_first("user", "uU");
	ck_first("\\buser", "uU");
	ck_first("^ *user", " uU");
	ck_first("(user|rcpt|e-?mail) not", "uUrReE");
	ck_first("(an? )?(full )?box", "aAfFbB");
	ck_first("(a|b{0,2})c", "aAbBcC");
	ck_first("a{2}b", "aA");
	ck_first("a+?b", "aA");
	ck_first("((a|(b?))c|d)", "aAbBcCdD");
	ck_first("[45 ]x", "45 ");
	ck_first("\\(x", "(");
}
END_TEST

START_TEST(what_is_not_understood_may_start_with_anything)
{
	static const char *const patterns[] = { ".x", "\\d+", "[^a]", "[a-c]", "[]a]", "[a", "\\",
		"(?:a|b)", "(?i)a", "a(?=b)|c", "a*", "(a|)", "", "x?\\S" };

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++)
		ck_assert_msg(count_first(patterns[i]) == ALL, "%s", patterns[i]);
}
END_TEST

/* The Kelvin sign is a k without regard to case, and the long s an s. */
START_TEST(beyond_ascii_one_byte_is_as_good_as_the_other)
{
	ck_assert_uint_eq(count_first("\xC3\xA4"
				      "x"),
		0x80 + 4);
	ck_assert_uint_eq(count_first("\xC3\xA4?x"), 0x80 + 6);
	ck_assert_uint_eq(count_first("k\xC3\xA4"), 0x80 + 2);
	ck_assert_uint_eq(count_first("x\xC3\xA4"), 2);
}
END_TEST

START_TEST(deep_groups_are_given_up)
{
	char deep[201] = { 0 };

	for (size_t i = 0; i < 100; i++) {
		deep[i] = '(';
		deep[100 + i] = ')';
	}
	ck_assert_uint_eq(count_first(deep), ALL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pattern");
	TCase *tcase = tcase_create("pattern");

	tcase_add_test(tcase, a_first_letter_is_told_in_either_case);
	tcase_add_test(tcase, what_is_not_understood_may_start_with_anything);
	tcase_add_test(tcase, beyond_ascii_one_byte_is_as_good_as_the_other);
	tcase_add_test(tcase, deep_groups_are_given_up);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
