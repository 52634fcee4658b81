// links: suppress_policy store
// Check program of what is taken back, and of providers that are not believed: the list is as if the events had not come.
#define _GNU_SOURCE
#include "store/store_amend.h"
#include "tests/support/store_suppress_fixture.h"
#include "tests/support/suite.h"

#include <stdlib.h>

static bool write_row(void *context, const struct store_suppression *row)
{
	buf_printf(context, "%.*s %.*s %llu %lld\n", STR_ARG(row->address),
		STR_ARG(suppression_state_name(row->state)), (unsigned long long)row->count,
		(long long)(row->last_seen_us - NOW));
	return true;
}

/* The list, with what is counted; removed ones apart, which stay where they were and say nothing. */
static void write_list(struct buf *out)
{
	const int states[] = { SUPPRESSION_ACTIVE, SUPPRESSION_HELD };

	buf_reset(out);
	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		const struct store_suppressions_query query = { .state = states[i],
			.limit = LIMIT_PAGE_ROWS };

		ck_assert_int_eq(store_suppressions(store, &query, write_row, out), ERR_OK);
	}
}

static void load_some(int64_t from_us, int n, const char *const *names)
{
	for (int i = 0; i < n; i++) {
		const struct mail mail = { .recipient = names[rand() % 12],
			.decision = rand() % 3 ? DECISION_STRIKE : DECISION_SUPPRESS,
			.at_us = from_us + rand() % 240 * 3600 * TIMESTAMP_SECOND_US,
			.kind = KIND_BOUNCE,
			.stream = "",
			.copies = 1 };

		load_by(&mail);
	}
}

/* Undo of everything after T is the list at T, with what it counted. */
START_TEST(a_window_is_taken_back)
{
	static const char *const names[] = { "a@example.com", "b@example.com", "c@example.com",
		"d@example.com", "e@example.com", "f@example.com", "g@example.com", "h@example.com",
		"i@example.com", "j@example.com", "k@example.com", "l@example.com" };
	struct store_undo undo = { .from_us = NOW + 10 * DAY,
		.to_us = NOW + 100 * DAY,
		.provider = STR("example.com"),
		.reason = STR("recipient.unknown"),
		.dry_run = true };
	struct buf at_t = BUF_INIT(1 << 20), before = BUF_INIT(1 << 20), after = BUF_INIT(1 << 20);
	struct store_amended amended, again;

	srand(11);
	load_some(NOW, 14, names);
	write_list(&at_t);
	load_some(NOW + 10 * DAY, 40, names);
	write_list(&before);
	ck_assert(!str_eq(buf_str(&at_t), buf_str(&before)));
	/* Tried first: nothing changes. */
	ck_assert_int_eq(store_undo(store, &store_judge, &undo, NOW + 30 * DAY, &amended), ERR_OK);
	write_list(&after);
	ck_assert(str_eq(buf_str(&after), buf_str(&before)));
	undo.dry_run = false;
	ck_assert_int_eq(store_undo(store, &store_judge, &undo, NOW + 30 * DAY, &again), ERR_OK);
	ck_assert_mem_eq(&again, &amended, sizeof again);
	ck_assert_uint_eq(again.events, 40);
	ck_assert_uint_gt(again.lifted, 0);
	write_list(&after);
	ck_assert_msg(str_eq(buf_str(&after), buf_str(&at_t)), "%.*sand not\n%.*s",
		STR_ARG(buf_str(&after)), STR_ARG(buf_str(&at_t)));
	/* Twice is once. */
	ck_assert_int_eq(store_undo(store, &store_judge, &undo, NOW + 30 * DAY, &again), ERR_OK);
	ck_assert_uint_eq(again.events, 0);
	buf_release(&at_t);
	buf_release(&before);
	buf_release(&after);
}
END_TEST

START_TEST(only_what_was_meant_is_taken_back)
{
	struct store_undo undo = {
		.from_us = NOW, .to_us = NOW + DAY, .provider = STR("example.org")
	};
	struct store_amended amended;

	load("a@example.com", DECISION_SUPPRESS, NOW);
	put(manual("m@example.com", NOW));
	ck_assert_int_eq(store_undo(store, &store_judge, &undo, NOW + DAY, &amended), ERR_OK);
	ck_assert_uint_eq(amended.events, 0);
	undo.provider = STR_EMPTY;
	undo.rule = STR("no.such.rule");
	ck_assert_int_eq(store_undo(store, &store_judge, &undo, NOW + DAY, &amended), ERR_OK);
	ck_assert_uint_eq(amended.events, 0);
	undo.rule = STR_EMPTY;
	ck_assert_int_eq(store_undo(store, &store_judge, &undo, NOW + DAY, &amended), ERR_OK);
	ck_assert_uint_eq(amended.lifted, 1);
	ck_assert_str_eq(state_of("a@example.com"), "removed");
	ck_assert_str_eq(state_of("m@example.com"), "active");
}
END_TEST

/* ---- holds ---- */

static uint64_t believe_three(const struct store_answers *answers UNUSED)
{
	return 3;
}

struct seen_hold {
	struct store_hold hold;
	size_t n;
};

static void see_hold(void *context, const struct store_hold *hold)
{
	struct seen_hold *seen = context;

	seen->hold = *hold;
	seen->n++;
}

static struct seen_hold holds(enum store_holds which, int64_t before_us)
{
	struct seen_hold seen = { .n = 0 };

	ck_assert_int_eq(store_holds(store, which, before_us, see_hold, &seen), ERR_OK);
	return seen;
}

static void load_outage(void)
{
	char name[32];

	store_judge.guard = believe_three;
	for (int i = 0; i < 6; i++) {
		snprintf(name, sizeof name, "o%d@example.com", i);
		load(name, DECISION_SUPPRESS, NOW + i);
	}
	store_judge.guard = NULL;
}

START_TEST(beyond_the_limit_entries_wait)
{
	struct store_amended amended;
	struct seen_hold seen;

	load_outage();
	for (int i = 0; i < 6; i++) {
		char name[32];

		snprintf(name, sizeof name, "o%d@example.com", i);
		ck_assert_str_eq(state_of(name), i < 3 ? "active" : "held");
	}
	seen = holds(STORE_HOLDS_UNTOLD, 0);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_uint_eq(seen.hold.entries, 3);
	ck_assert_uint_eq(seen.hold.limit, 3);
	ck_assert_int_eq(store_hold_told(store, seen.hold.id), ERR_OK);
	ck_assert_uint_eq(holds(STORE_HOLDS_UNTOLD, 0).n, 0);
	ck_assert_uint_eq(holds(STORE_HOLDS_OVER, NOW).n, 0);
	ck_assert_uint_eq(holds(STORE_HOLDS_OVER, NOW + DAY).n, 1);
	ck_assert_int_eq(store_hold_decide(store, &store_judge, seen.hold.id, STORE_HOLD_RELEASE,
				 STR("test"), NOW + DAY, &amended),
		ERR_OK);
	ck_assert_uint_eq(amended.suppressed, 3);
	ck_assert_str_eq(state_of("o5@example.com"), "active");
	ck_assert_int_eq(store_hold_decide(store, &store_judge, seen.hold.id, STORE_HOLD_DISCARD,
				 STR("test"), NOW + DAY, &amended),
		ERR_NOT_FOUND);
}
END_TEST

START_TEST(what_waited_is_discarded)
{
	struct store_amended amended;
	int64_t id;

	load_outage();
	id = holds(STORE_HOLDS_ALL, 0).hold.id;
	ck_assert_int_eq(store_hold_decide(store, &store_judge, id, STORE_HOLD_DISCARD, STR("test"),
				 NOW + DAY, &amended),
		ERR_OK);
	ck_assert_uint_eq(amended.entries, 3);
	ck_assert_uint_eq(amended.suppressed, 0);
	ck_assert_str_eq(state_of("o5@example.com"), "removed");
	ck_assert_str_eq(state_of("o0@example.com"), "active");
	/* An address that is really gone says so again. */
	load("o5@example.com", DECISION_SUPPRESS, NOW + 2 * DAY);
	ck_assert_str_eq(state_of("o5@example.com"), "active");
}
END_TEST

/* ---- a hold that is decided while a batch is on its way ---- */

static struct store *other;
static enum store_hold_end decision;
static int64_t decided;

/* By another connection, between the loader's look at the hold and what it makes of it. */
static uint64_t decide_meanwhile(const struct store_answers *answers UNUSED)
{
	struct store_judge others_judge = { judge_case, &judge, 1000, NULL };
	struct store_amended amended;

	ck_assert_int_eq(store_hold_decide(other, &others_judge, decided, decision, STR("test"),
				 NOW + DAY, &amended),
		ERR_OK);
	return UINT64_MAX;
}

START_TEST(nobody_waits_for_a_hold_that_is_over)
{
	decision = _i ? STORE_HOLD_RELEASE : STORE_HOLD_DISCARD;
	load_outage();
	decided = holds(STORE_HOLDS_ALL, 0).hold.id;
	ck_assert_int_eq(fixture_open(database, &other), ERR_OK);
	store_judge.guard = decide_meanwhile;
	load("late@example.com", DECISION_SUPPRESS, NOW + 7);
	store_judge.guard = NULL;
	store_close(other);
	ck_assert_int_eq(holds(STORE_HOLDS_ALL, 0).hold.id, decided);
	ck_assert_uint_eq(holds(STORE_HOLDS_OVER, NOW + 30 * DAY).n, 0);
	/* Of no outage any more: as if it had come a moment later. */
	ck_assert_str_eq(state_of("late@example.com"), "active");
	ck_assert_str_eq(state_of("o5@example.com"), _i ? "active" : "removed");
}
END_TEST

static struct store_answers asked;

static uint64_t note_past(const struct store_answers *answers)
{
	asked = *answers;
	return UINT64_MAX;
}

START_TEST(the_weeks_before_are_told)
{
	for (int day = 0; day < 3; day++)
		for (int i = 0; i < 2; i++) {
			store_judge.guard = note_past;
			load("p@example.com", DECISION_SUPPRESS, NOW + day * DAY + i);
		}
	ck_assert_uint_eq(asked.days, 0);
	ck_assert_int_eq(store_guard_refresh(store, NOW + 3 * DAY), ERR_OK);
	load("p@example.com", DECISION_SUPPRESS, NOW + 3 * DAY);
	ck_assert_uint_eq(asked.days, 3);
	ck_assert_uint_eq(asked.own, 6);
	ck_assert_uint_eq(asked.others, 0);
	ck_assert_uint_eq(asked.others_now, 0);
	store_judge.guard = NULL;
}
END_TEST

/* A server that started a moment ago, and one that nobody's unknown user was told of for weeks; what has no provider and no domain
 * is part of all, and of nothing else. */
START_TEST(without_a_past_there_is_none)
{
	const char *conninfo = fixture_database();
	struct store_migration migration;
	struct store *fresh;

	ck_assert_int_eq(fixture_open(conninfo, &fresh), ERR_OK);
	ck_assert_int_eq(store_migrate(fresh, NOW, 1000, &migration), ERR_OK);
	ck_assert_int_eq(store_guard_refresh(fresh, NOW), ERR_OK);
	fixture_sql(conninfo,
		"INSERT INTO suppression_guard (provider, quarter, n) VALUES "
		"('', '2026-11-10 10:00+00', 5), ('google', '2026-11-10 10:00+00', 7)");
	ck_assert_int_eq(store_guard_refresh(fresh, NOW), ERR_OK);
	fixture_sql(conninfo, "DO $$ BEGIN ASSERT (SELECT n FROM suppression_guard_past WHERE "
			      "provider = '') = 12; "
			      "ASSERT (SELECT count(*) FROM suppression_guard_past) = 2; END $$");
	store_close(fresh);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_amend");
	TCase *tcase = tcase_create("amend");
	int code;

	tcase_add_checked_fixture(tcase, open_migrated, close_all);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_window_is_taken_back);
	tcase_add_test(tcase, only_what_was_meant_is_taken_back);
	tcase_add_test(tcase, beyond_the_limit_entries_wait);
	tcase_add_test(tcase, what_waited_is_discarded);
	tcase_add_loop_test(tcase, nobody_waits_for_a_hold_that_is_over, 0, 2);
	tcase_add_test(tcase, the_weeks_before_are_told);
	tcase_add_test(tcase, without_a_past_there_is_none);
	suite_add_tcase(suite, tcase);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
