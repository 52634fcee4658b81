// links: cli
// Check program of cli/tools/verdict_memo: what comes back is what was put for that very reply and host, and memory is bounded.
#include "cli/tools/verdict_memo.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

static struct verdict_memo *memo;

static void setup(void)
{
	memo = verdict_memo_new();
}

static void teardown(void)
{
	verdict_memo_free(memo);
}

START_TEST(a_reply_and_its_host_are_both_looked_for)
{
	verdict_memo_put(memo, STR("550 no"), STR("mx.example"), STR("one"));
	ck_assert(str_eq(verdict_memo_get(memo, STR("550 no"), STR("mx.example")), STR("one")));
	ck_assert_uint_eq(verdict_memo_get(memo, STR("550 no"), STR("")).n, 0);
	ck_assert_uint_eq(verdict_memo_get(memo, STR("550 NO"), STR("mx.example")).n, 0);
	ck_assert_uint_eq(verdict_memo_get(memo, STR("550 n"), STR("omx.example")).n, 0);
	verdict_memo_put(memo, STR(""), STR(""), STR("two"));
	ck_assert(str_eq(verdict_memo_get(memo, STR(""), STR("")), STR("two")));
}
END_TEST

/* Many more than there are places: each is right or forgotten. */
START_TEST(newer_ones_take_the_place_of_older_ones)
{
	char reply[32];
	size_t found = 0;

	for (unsigned i = 0; i < 10 * VERDICT_MEMO_SLOTS; i++) {
		snprintf(reply, sizeof reply, "550 %u", i);
		verdict_memo_put(memo, str_c(reply), STR_EMPTY, str_c(reply));
		ck_assert(str_eq(verdict_memo_get(memo, str_c(reply), STR_EMPTY), str_c(reply)));
	}
	for (unsigned i = 0; i < 10 * VERDICT_MEMO_SLOTS; i++) {
		struct str is;

		snprintf(reply, sizeof reply, "550 %u", i);
		is = verdict_memo_get(memo, str_c(reply), STR_EMPTY);
		ck_assert(!is.n || str_eq(is, str_c(reply)));
		found += is.n > 0;
	}
	ck_assert_uint_gt(found, VERDICT_MEMO_SLOTS / 2);
	ck_assert_uint_le(found, VERDICT_MEMO_SLOTS);
}
END_TEST

START_TEST(what_is_too_long_is_not_kept)
{
	static char text[VERDICT_MEMO_BYTES + 1];

	memset(text, 'x', sizeof text);
	verdict_memo_put(memo, str_from(text, VERDICT_MEMO_BYTES - 2), STR("h"), STR("1"));
	ck_assert_uint_eq(
		verdict_memo_get(memo, str_from(text, VERDICT_MEMO_BYTES - 2), STR("h")).n, 1);
	verdict_memo_put(memo, str_from(text, VERDICT_MEMO_BYTES - 2), STR("i"), STR("12"));
	ck_assert_uint_eq(
		verdict_memo_get(memo, str_from(text, VERDICT_MEMO_BYTES - 2), STR("i")).n, 0);
	verdict_memo_put(memo, str_from(text, sizeof text), STR_EMPTY, STR("1"));
	ck_assert_uint_eq(verdict_memo_get(memo, str_from(text, sizeof text), STR_EMPTY).n, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verdict_memo");
	TCase *tests = tcase_create("memo");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_reply_and_its_host_are_both_looked_for);
	tcase_add_test(tests, newer_ones_take_the_place_of_older_ones);
	tcase_add_test(tests, what_is_too_long_is_not_kept);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
