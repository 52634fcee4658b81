// links: store
// Check program of what the mail system's log adds to a batch: volumes that add up, the position and what stands with
// it, deliveries after failures.
#define _GNU_SOURCE
#include "store/overview.h"
#include "store/store_judge.h"
#include "store/store_log.h"
#include "tests/support/store_batch_fixture.h"

#define QUARTER (15 * TIMESTAMP_MINUTE_US)
#define SPOOL   "log-00112233445566778899aabbccddeeff"

static struct store *store;
static struct store_batch *batch;
static struct arena *arena;

static void setup(void)
{
	store = open_migrated();
	batch = store_batch_new(store, STR(SPOOL));
	arena = arena_new();
}

static void teardown(void)
{
	store_batch_free(batch);
	store_close(store);
	arena_free(arena);
}

static struct store_volume volume(const char *domain, uint64_t attempted, uint64_t accepted)
{
	return (struct store_volume){ .at_us = timestamp_floor(NOW, QUARTER),
		.stream = STR("news"),
		.domain = str_c(domain),
		.source = STR("log"),
		.quarter = true,
		.attempted = attempted,
		.has_accepted = true,
		.accepted = accepted,
		.has_deferred = true,
		.deferred = 1 };
}

static enum err commit(uint64_t from, uint64_t to)
{
	struct store_batch_result result;

	return store_batch_commit(batch, from, to, &result);
}

static bool see_volume(void *context, const struct store_volume *row)
{
	buf_printf(context, "%.*s %zu %zu %zu\n", STR_ARG(row->domain), (size_t)row->attempted,
		(size_t)row->accepted, (size_t)row->deferred);
	return true;
}

static void check_volumes(const char *want)
{
	const struct store_volumes_query query = {
		.from_us = NOW - HOUR, .to_us = NOW + HOUR, .limit = 100
	};
	struct buf got = BUF_INIT(4096);

	ck_assert_int_eq(store_volumes(store, &query, see_volume, &got), ERR_OK);
	ck_assert_msg(str_eq(buf_str(&got), str_c(want)), "%.*s", STR_ARG(buf_str(&got)));
	ck_assert_uint_eq(differences(store), 0);
	buf_release(&got);
}

START_TEST(volumes_add_up)
{
	const struct store_volume first[] = { volume("a.example", 10, 9),
		volume("b.example", 1, 1) };
	const struct store_volume second[] = { volume("a.example", 5, 5), volume("a.example", 1, 0),
		volume("c.example", 2, 2) };

	ck_assert_int_eq(store_batch_add_volumes(batch, first, 2), ERR_OK);
	ck_assert_int_eq(commit(0, 100), ERR_OK);
	check_volumes("a.example 10 9 1\nb.example 1 1 1\n");
	/* The same again is refused by the position, whatever it holds. */
	ck_assert_int_eq(commit(0, 100), ERR_CONFLICT);
	check_volumes("a.example 10 9 1\nb.example 1 1 1\n");
	store_batch_reset(batch);
	ck_assert_int_eq(store_batch_add_volumes(batch, second, 3), ERR_OK);
	ck_assert_int_eq(commit(100, 200), ERR_OK);
	check_volumes("a.example 16 14 3\nb.example 1 1 1\nc.example 2 2 1\n");
}
END_TEST

START_TEST(volumes_are_checked)
{
	struct store_volume rows[] = { volume("a.example", 1, 1), volume("b.example", 1, 1) };

	rows[1].at_us++;
	ck_assert_int_eq(store_batch_add_volumes(batch, rows, 2), ERR_RANGE);
	ck_assert_int_eq(commit(0, 1), ERR_OK);
	check_volumes("");
}
END_TEST

START_TEST(position_has_its_state)
{
	struct store_log log = { .log = STR("/var/log/mail.log"),
		.format = STR("postfix"),
		.seen_at_us = NOW,
		.tail = STR("tail\0\xff"),
		.state = STR("state\0\xff") },
			 got;
	uint64_t position;

	ck_assert_int_eq(store_log_find(store, STR(SPOOL), arena, &got, &position), ERR_NOT_FOUND);
	ck_assert_int_eq(store_log_last(store, log.log, arena, &got), ERR_NOT_FOUND);
	ck_assert_int_eq(store_batch_set_log(batch, &log), ERR_OK);
	ck_assert_int_eq(commit(0, 100), ERR_OK);
	log.state = STR("later");
	ck_assert_int_eq(store_batch_set_log(batch, &log), ERR_OK);
	ck_assert_int_eq(commit(0, 200), ERR_CONFLICT);
	ck_assert_int_eq(store_log_find(store, STR(SPOOL), arena, &got, &position), ERR_OK);
	ck_assert_uint_eq(position, 100);
	ck_assert(str_eq(got.state, STR("state\0\xff")) && str_eq(got.tail, STR("tail\0\xff")));
	ck_assert(str_eq(got.log, log.log) && str_eq(got.format, log.format) &&
		  got.seen_at_us == NOW);
	ck_assert_int_eq(commit(100, 200), ERR_OK);
	ck_assert_int_eq(store_log_last(store, log.log, arena, &got), ERR_OK);
	ck_assert(str_eq(got.state, STR("later")));
	ck_assert_int_eq(store_log_forget(store, NOW + 1), ERR_OK);
	ck_assert_int_eq(store_log_find(store, STR(SPOOL), arena, &got, &position), ERR_OK);
	ck_assert(!got.state.n && position == 200);
}
END_TEST

static void judge_nothing(const void *context UNUSED, const struct store_case *item,
	struct store_verdict *ret_verdict)
{
	*ret_verdict = (struct store_verdict){ .state = SUPPRESSION_STRIKES,
		.first_seen_us = item->entry->first_seen_us,
		.last_seen_us = item->entry->last_seen_us,
		.expires_at_us = TIMESTAMP_NONE };
}

static const struct store_judge keeps_all = { judge_nothing, NULL, 100, NULL };

START_TEST(delivery_after_failures_is_known)
{
	static const struct store_weight strike = { .decision = DECISION_STRIKE };
	struct sample sample;
	int64_t at_us;

	sample_init(&sample, 1, "example.com");
	sample.message.weights = &strike;
	store_batch_set_judge(batch, &keeps_all);
	ck_assert_int_eq(store_batch_add(batch, &sample.message), ERR_OK);
	ck_assert_int_eq(
		store_batch_add_delivered(batch, STR("Ann@Example.com"), STR("news"), NOW - HOUR),
		ERR_OK);
	ck_assert_int_eq(
		store_batch_add_delivered(batch, STR("ann@example.com"), STR("news"), NOW), ERR_OK);
	ck_assert_int_eq(
		store_batch_add_delivered(batch, STR("bea@example.com"), STR("news"), NOW), ERR_OK);
	ck_assert_int_eq(store_batch_add_delivered(batch, STR("nobody"), STR("news"), NOW), ERR_OK);
	ck_assert_int_eq(commit(0, 2), ERR_OK);
	ck_assert_int_eq(
		store_delivered(store, STR("ann@example.com"), STR("news"), &at_us), ERR_OK);
	ck_assert_int_eq(at_us, NOW);
	ck_assert_int_eq(
		store_delivered(store, STR("bea@example.com"), STR("news"), &at_us), ERR_OK);
	ck_assert(at_us == TIMESTAMP_NONE);
	ck_assert_int_eq(store_log_forget(store, NOW), ERR_OK);
	ck_assert_int_eq(
		store_delivered(store, STR("ann@example.com"), STR("news"), &at_us), ERR_OK);
	ck_assert_int_eq(at_us, NOW);
}
END_TEST

/* An event of the log counts at the time of its line, however old; its report adds nothing. */
START_TEST(log_and_report_count_once)
{
	const struct store_standing standing = { PROOF_LOG, .rated = true, .counts = true };
	struct sample samples[2];

	for (unsigned i = 0; i < 2; i++) {
		sample_init(&samples[i], i, "example.com");
		samples[i].report.original.message_id = STR("m-1@sender.example");
		ck_assert_int_eq(store_batch_add(batch, &samples[i].message), ERR_OK);
	}
	store_batch_reset(batch);
	samples[0].envelope.source = SOURCE_LOG;
	samples[0].envelope.delivered_at_us = NOW - 35 * 24 * HOUR;
	samples[0].message.standings = &standing;
	ck_assert_int_eq(store_batch_add(batch, &samples[0].message), ERR_OK);
	ck_assert_int_eq(store_batch_add(batch, &samples[1].message), ERR_OK);
	ck_assert_int_eq(commit(0, 2), ERR_OK);
	ck_assert_uint_eq(counts_of(store, "example.com", STORE_BASIS_EVENT).failed, 1);
	ck_assert_uint_eq(differences(store), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_log");
	TCase *tests = tcase_create("log");
	SRunner *runner;
	int failed;

	fixture_start();
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, volumes_add_up);
	tcase_add_test(tests, volumes_are_checked);
	tcase_add_test(tests, position_has_its_state);
	tcase_add_test(tests, delivery_after_failures_is_known);
	tcase_add_test(tests, log_and_report_count_once);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	fixture_stop();
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
