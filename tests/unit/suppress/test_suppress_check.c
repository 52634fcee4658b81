// links: suppress suppress/list store
// Check program of suppress/check over a real database: each text has its answer, its entry and its events.
#define _GNU_SOURCE
#include "suppress/check.h"
#include "suppress/entry.h"
#include "suppress/list/digest.h"
#include "tests/support/store_suppress_fixture.h"
#include "tests/support/suite.h"

START_TEST(each_text_has_its_answer)
{
	static const struct str texts[] = { STR_INIT("A@example.com"), STR_INIT("no address"),
		STR_INIT("free@example.com"), STR_INIT("a@example.com"), STR_INIT("b@example.org"),
		STR_INIT("c@example.com"), STR_INIT("=1+2@example.com") };
	static const enum meaning wanted[] = { MEANING_SUPPRESSED, MEANING_CLEAR, MEANING_CLEAR,
		MEANING_SUPPRESSED, MEANING_SUPPRESSED, MEANING_ALLOWED, MEANING_SUPPRESSED };
	struct check_answer answers[ARRAY_LEN(texts)];
	struct store_suppression row;

	load("a@example.com", DECISION_SUPPRESS, NOW);
	load("a@example.com", DECISION_SUPPRESS, NOW + DAY);
	load("c@example.com", DECISION_SUPPRESS, NOW);
	put(manual("@example.org", NOW));
	put(manual("=1+2@example.com", NOW));
	row = manual("c@example.com", NOW);
	row.state = SUPPRESSION_ALLOWED;
	put(row);
	ck_assert_int_eq(
		check_run(store, arena, texts, ARRAY_LEN(texts), NULL, NOW, answers), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_assert_msg(answers[i].meaning == wanted[i], "%.*s", STR_ARG(texts[i]));
	ck_assert(!answers[1].address.n && !answers[1].entry && !answers[2].entry);
	ck_assert_uint_eq(answers[0].n_events, 2);
	ck_assert_int_eq(answers[0].events[0].seen_at_us, NOW + DAY);
	ck_assert_uint_eq(answers[3].n_events, 2);
	ck_assert_uint_eq(answers[4].n_events, 0);
	ck_assert(str_eq(answers[4].entry->address, STR("@example.org")));
}
END_TEST

/* Who was erased is not on the list any more, and not mailed. */
START_TEST(what_was_erased_suppresses_still)
{
	const struct store_erase what = { .address = STR("A@example.com"),
		.entry = STR("a@example.com"),
		.digest = digest_of(arena, STR("a@example.com")),
		.now_us = NOW + DAY };
	const struct str texts[] = { STR("A@example.com"), STR("b@example.com"), what.digest,
		STR("\"a\"@example.com"), STR("c@example.com") };
	struct check_answer answers[ARRAY_LEN(texts)];
	struct store_erased erased;
	struct store_suppression row;

	load("a@example.com", DECISION_SUPPRESS, NOW);
	load("b@example.com", DECISION_SUPPRESS, NOW);
	load("c@example.com", DECISION_STRIKE, NOW);
	for (int again = 0; again < 2; again++) {
		ck_assert_int_eq(store_erase(store, &what, &erased), ERR_OK);
		ck_assert_uint_eq(erased.entries, again ? 0 : 1);
	}
	ck_assert_int_eq(
		check_run(store, arena, texts, ARRAY_LEN(texts), NULL, NOW, answers), ERR_OK);
	for (size_t i = 0; i < 4; i++)
		ck_assert_msg(answers[i].meaning == MEANING_SUPPRESSED && answers[i].n_entries == 1,
			"%.*s", STR_ARG(texts[i]));
	ck_assert_int_eq(answers[4].meaning, MEANING_STRIKES);
	ck_assert(str_eq(answers[0].entry->address, STR("a@example.com")));
	ck_assert_uint_eq(answers[0].n_events, 0);
	ck_assert_uint_eq(answers[1].n_events, 1);
	/* What was sent all the same and came back is an entry of its own, until the next time. */
	load("a@example.com", DECISION_SUPPRESS, NOW + DAY);
	ck_assert_int_eq(store_erase(store, &what, &erased), ERR_OK);
	ck_assert_uint_eq(erased.entries, 1);
	/* One that allows goes before it, as before any other. */
	row = manual("@example.com", NOW);
	row.state = SUPPRESSION_ALLOWED;
	put(row);
	ck_assert_int_eq(check_find(store, arena, texts, 1, NULL, NOW, answers), ERR_OK);
	ck_assert_int_eq(answers[0].meaning, MEANING_ALLOWED);
	ck_assert_int_eq(
		entry_remove(store, arena, STR("a@example.com"), STR_EMPTY, STR("test"), NOW + DAY),
		ERR_OK);
	ck_assert_int_eq(
		entry_remove(store, arena, STR("x@example.com"), STR_EMPTY, STR("test"), NOW + DAY),
		ERR_NOT_FOUND);
	ck_assert_int_eq(check_find(store, arena, &texts[2], 1, NULL, NOW, answers), ERR_OK);
	ck_assert_int_eq(answers[0].meaning, MEANING_CLEAR);
}
END_TEST

START_TEST(there_may_be_ten_thousand)
{
	struct str *texts = arena_calloc(arena, LIMIT_SUPPRESSION_ROWS + 1, sizeof *texts);
	struct check_answer *answers =
		arena_calloc(arena, LIMIT_SUPPRESSION_ROWS + 1, sizeof *answers);

	for (size_t i = 0; i <= LIMIT_SUPPRESSION_ROWS; i++)
		texts[i] = arena_printf(arena, "u%zu@d%zu.example", i, i % 3000);
	put(manual("u9999@d999.example", NOW));
	ck_assert_int_eq(
		check_run(store, arena, texts, LIMIT_SUPPRESSION_ROWS, NULL, NOW, answers), ERR_OK);
	for (size_t i = 0; i < LIMIT_SUPPRESSION_ROWS; i++)
		ck_assert_int_eq(
			answers[i].meaning, i == 9999 ? MEANING_SUPPRESSED : MEANING_CLEAR);
	ck_assert_int_eq(
		check_run(store, arena, texts, LIMIT_SUPPRESSION_ROWS + 1, NULL, NOW, answers),
		ERR_LIMIT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("suppress_check");
	TCase *tcase = tcase_create("check");
	int code;

	tcase_add_checked_fixture(tcase, open_migrated, close_all);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, each_text_has_its_answer);
	tcase_add_test(tcase, there_may_be_ten_thousand);
	tcase_add_test(tcase, what_was_erased_suppresses_still);
	suite_add_tcase(suite, tcase);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
