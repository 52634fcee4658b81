// links: store
// Check program of what is counted from events, and of how long each kind of row is kept.
#define _GNU_SOURCE
#include "store/overview.h"
#include "tests/support/store_batch_fixture.h"
#include "tests/support/suite.h"

START_TEST(send_time_is_the_date_within_bounds)
{
	const int64_t day = TIMESTAMP_DAY_US;

	ck_assert_int_eq(store_sent_at(TIMESTAMP_NONE, NOW), TIMESTAMP_NONE);
	ck_assert_int_eq(store_sent_at(NOW - day, TIMESTAMP_NONE), TIMESTAMP_NONE);
	ck_assert_int_eq(store_sent_at(NOW - day, NOW), NOW - day);
	ck_assert_int_eq(store_sent_at(NOW + HOUR, NOW), NOW);
	ck_assert_int_eq(store_sent_at(NOW + HOUR + 1, NOW), TIMESTAMP_NONE);
	ck_assert_int_eq(store_sent_at(NOW - 30 * day, NOW), NOW - 30 * day);
	ck_assert_int_eq(store_sent_at(NOW - 30 * day - 1, NOW), TIMESTAMP_NONE);
	ck_assert_int_eq(store_sent_at(INT64_MIN + 1, NOW), TIMESTAMP_NONE);
}
END_TEST

#define NONE TIMESTAMP_NONE
static const struct {
	const char *what;
	enum envelope_source source;
	int64_t delivered, last_attempt, arrival, date, happened; /* beside NOW; NONE: not known */
} moments[] = {
	{ "mail that came", SOURCE_SMTP, NONE, NONE, -HOUR, -HOUR, 0 },
	{ "as the report has it", SOURCE_SMTP, NONE, -2 * HOUR, -3 * HOUR, NONE, -2 * HOUR },
	{ "a clock that is fast", SOURCE_HTTP, NONE, HOUR, NONE, NONE, 0 },
	{ "a time to come", SOURCE_SMTP, NONE, HOUR + 1, NONE, NONE, 0 },
	{ "a queue's longest", SOURCE_SMTP, NONE, -720 * HOUR, NONE, NONE, -720 * HOUR },
	{ "too old to be", SOURCE_SMTP, NONE, -720 * HOUR - 1, NONE, NONE, 0 },
	{ "an archive's trace", SOURCE_IMPORT, -9000 * HOUR, NONE, -9001 * HOUR, NONE,
		-9000 * HOUR },
	{ "its report", SOURCE_IMPORT, -9000 * HOUR, -9002 * HOUR, NONE, NONE, -9002 * HOUR },
	{ "a report after it", SOURCE_IMPORT, -9000 * HOUR, -10 * HOUR, NONE, NONE, -9000 * HOUR },
	{ "a trace to come", SOURCE_IMPORT, 9 * HOUR, NONE, NONE, NONE, 0 },
	{ "no trace", SOURCE_IMPORT, NONE, -9000 * HOUR, NONE, NONE, -9000 * HOUR },
	{ "when it was taken", SOURCE_IMPORT, NONE, NONE, -9000 * HOUR, -9001 * HOUR,
		-9000 * HOUR },
	{ "when it was sent", SOURCE_IMPORT, NONE, NONE, NONE, -9000 * HOUR, -9000 * HOUR },
	{ "before there was mail", SOURCE_IMPORT, NONE, NONE, NONE, -400000 * HOUR, NONE },
	{ "nothing", SOURCE_IMPORT, NONE, NONE, NONE, NONE, NONE },
};

static int64_t beside_now(int64_t at)
{
	return at == NONE ? NONE : NOW + at;
}

/* What happened has its own time, and what nobody knows has none. */
START_TEST(an_event_happened_when_it_did)
{
	struct envelope envelope = { .source = moments[_i].source, .received_at_us = NOW };
	struct original original = { .date_us = beside_now(moments[_i].date) };
	struct event event;

	event_init(&event);
	event.last_attempt_date_us = beside_now(moments[_i].last_attempt);
	event.arrival_date_us = beside_now(moments[_i].arrival);
	if (moments[_i].delivered != NONE)
		envelope.delivered_at_us = NOW + moments[_i].delivered;
	ck_assert_msg(
		store_happened_at(&event, &original, &envelope) == beside_now(moments[_i].happened),
		"%s", moments[_i].what);
}
END_TEST

START_TEST(send_time_has_buckets_of_its_own)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct sample samples[2];

	sample_init(&samples[0], 1, "one.example");
	samples[0].report.original.date_us = NOW - 3 * 24 * HOUR;
	sample_init(&samples[1], 2, "one.example");
	ck_assert_int_eq(load(store, "s1", samples, 2, 0, 3, &result), ERR_OK);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, 2);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_SEND).failed, 1);
	store_close(store);
}
END_TEST

START_TEST(rollups_made_again_are_the_same)
{
	static const char *const domains[] = { "a.example", "b.example", "" };
	static const enum outcome outcomes[] = { OUTCOME_FAILED, OUTCOME_DELAYED, OUTCOME_COMPLAINT,
		OUTCOME_DELIVERED, OUTCOME_RELAYED, OUTCOME_EXPANDED };
	enum { N = 300 };
	struct sample *samples = calloc(N, sizeof *samples);
	struct store *store = open_migrated();
	struct store_batch_result result;

	for (unsigned i = 0; i < N; i++) {
		struct sample *sample = &samples[i];

		sample_init(sample, i, domains[i % 3]);
		sample->envelope.received_at_us = NOW - (int64_t)i * 7919 * TIMESTAMP_SECOND_US;
		sample->envelope.stream = i % 5 ? STR("news") : STR_EMPTY;
		sample->events[0].outcome = outcomes[i % ARRAY_LEN(outcomes)];
		sample->events[0].class = (enum reason_class)(i % CLASS_COUNT);
		sample->events[0].reason = (enum reason)(i % REASON_COUNT);
		if (i % 4)
			sample->report.original.date_us = NOW - (int64_t)i * 9 * HOUR;
	}
	for (unsigned i = 0; i < N; i += 50)
		ck_assert_int_eq(load(store, "s1", samples + i, 50, i, i + 50, &result), ERR_OK);
	ck_assert_uint_eq(differences(store), 0);
	ck_assert_int_eq(
		store_rollup_rebuild(store, NOW - 60 * 24 * HOUR, NOW + 24 * HOUR), ERR_OK);
	ck_assert_uint_eq(differences(store), 0);
	ck_assert_uint_eq(counts_of(store, "a.example", STORE_BASIS_EVENT).failed, N / 6);
	free(samples);
	store_close(store);
}
END_TEST

START_TEST(a_damaged_rollup_is_found_and_mended)
{
	char conninfo[700];
	struct store_batch_result result;
	struct store_migration migration;
	struct store *store = NULL;
	struct sample sample;

	snprintf(conninfo, sizeof conninfo, "%s", fixture_database());
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	sample_init(&sample, 1, "one.example");
	ck_assert_int_eq(load(store, "s1", &sample, 1, 0, 2, &result), ERR_OK);
	fixture_sql(conninfo, "UPDATE rollup_day SET failed = 7");
	ck_assert_uint_eq(differences(store), 2); /* one row too many, one missing */
	ck_assert_int_eq(store_rollup_rebuild(store, NOW, NOW + 1), ERR_OK);
	ck_assert_uint_eq(differences(store), 0);
	store_close(store);
}
END_TEST

/* Rows that came before their week was made lie in the default partition. */
START_TEST(rows_move_when_their_partition_is_made)
{
	const int64_t later = NOW + 70 * 24 * HOUR;
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct store_event event;
	struct store_event_message message;
	struct arena *arena = arena_new();
	struct sample sample;
	struct uuid id;
	size_t made;

	sample_init(&sample, 1, "one.example");
	sample.envelope.received_at_us = later;
	ck_assert_int_eq(load(store, "s1", &sample, 1, 0, 2, &result), ERR_OK);
	ck_assert_int_eq(store_make_partitions(store, later, &made), ERR_OK);
	ck_assert_uint_eq(made, 18);
	id = store_id(later, STR("s1"), 1, 1);
	ck_assert_int_eq(store_event(store, arena, &id, &event, &message), ERR_OK);
	ck_assert(message.has_raw);
	arena_free(arena);
	store_close(store);
}
END_TEST

START_TEST(each_kind_is_kept_for_its_own_time)
{
	const int64_t old = NOW - 7 * 24 * HOUR, older = NOW - 100 * 24 * HOUR;
	struct store *store = open_migrated();
	struct arena *arena = arena_new();
	struct store_batch_result result;
	struct store_event_message message;
	struct store_retention retention;
	struct store_event event;
	struct sample samples[3];
	struct uuid ids[3];

	for (unsigned i = 0; i < 3; i++) {
		sample_init(&samples[i], i, "one.example");
		samples[i].envelope.received_at_us = i == 0 ? NOW : i == 1 ? old : older;
		ids[i] = store_id(samples[i].envelope.received_at_us, STR("s1"), i, 1);
	}
	ck_assert_int_eq(load(store, "s1", samples, 3, 0, 3, &result), ERR_OK);
	/* The week of `old` ends on the Monday before NOW: then it may go, and not a day before. */
	ck_assert_int_eq(store_drop(store, STORE_KEPT_RAW, NOW - 3 * 24 * HOUR), ERR_OK);
	ck_assert_int_eq(store_event(store, arena, &ids[1], &event, &message), ERR_OK);
	ck_assert(message.has_raw);
	ck_assert_int_eq(store_event(store, arena, &ids[2], &event, &message), ERR_OK);
	ck_assert(!message.has_raw);
	ck_assert_int_eq(store_drop(store, STORE_KEPT_RAW, NOW - 2 * 24 * HOUR), ERR_OK);
	ck_assert_int_eq(store_event(store, arena, &ids[1], &event, &message), ERR_OK);
	ck_assert(!message.has_raw);
	ck_assert_int_eq(store_drop(store, STORE_KEPT_EVENTS, NOW - 2 * 24 * HOUR), ERR_OK);
	ck_assert_int_eq(store_event(store, arena, &ids[1], &event, &message), ERR_NOT_FOUND);
	ck_assert_int_eq(store_event(store, arena, &ids[0], &event, &message), ERR_OK);
	/* The counts of what is gone stay, and cannot be lost by making them again. */
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, 2);
	ck_assert_int_eq(store_rollup_rebuild(store, old, NOW), ERR_RANGE);
	ck_assert_int_eq(store_rollup_rebuild(store, NOW, NOW + 1), ERR_OK);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, 2);
	ck_assert_int_eq(store_drop(store, STORE_KEPT_ROLLUPS, NOW), ERR_OK);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, 1);
	/* And how many went is known: bytes of two mails; two mails with an event each; days and quarters of both. */
	ck_assert_int_eq(store_retention(store, &retention), ERR_OK);
	ck_assert_uint_eq(retention.rows[STORE_KEPT_RAW], 2);
	ck_assert_uint_eq(retention.rows[STORE_KEPT_RAW_UNCLASSIFIED], 0);
	ck_assert_uint_eq(retention.rows[STORE_KEPT_EVENTS], 4);
	ck_assert_uint_gt(retention.rows[STORE_KEPT_ROLLUPS], 4);
	arena_free(arena);
	store_close(store);
}
END_TEST

/* Weeks of a page a row, 66 MiB each. Of the large ones one was analyzed: it has about as many as were there then, and is not counted. */
#define PILE(week)                                                                                 \
	"CREATE TABLE pile_" week                                                                  \
	" (LIKE pile) WITH (fillfactor = 10, autovacuum_enabled = off); "                          \
	"ALTER TABLE pile_" week " ALTER filling SET STORAGE PLAIN; "                              \
	"INSERT INTO pile_" week " SELECT to_date('" week                                          \
	"', 'YYYYMMDD'), repeat('x', 4200) FROM generate_series(1, 8500); "                        \
	"ALTER TABLE pile ATTACH PARTITION pile_" week " FOR VALUES FROM (to_date('" week          \
	"', 'YYYYMMDD')) "                                                                         \
	"TO (to_date('" week "', 'YYYYMMDD') + 7); "
START_TEST(rows_of_a_large_week_are_about_known)
{
	const char *conninfo = fixture_database();
	struct store_migration migration;
	struct store *store = NULL;

	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	store_close(store);
	fixture_sql(conninfo,
		"CREATE TABLE pile (received_at timestamptz NOT NULL, filling text) PARTITION BY "
		"RANGE (received_at); "
		"CREATE TABLE pile_default PARTITION OF pile DEFAULT; " PILE("20260105") PILE(
			"20260112") "ANALYZE pile_20260105; "
				    "DELETE FROM pile_20260105 WHERE ctid > '(8000,0)'; DELETE "
				    "FROM pile_20260112 WHERE ctid > '(8000,0)'; "
				    "DO $$ DECLARE n bigint := drop_partitions('pile', "
				    "'2026-01-12Z'); BEGIN "
				    "ASSERT n = 8500, 'analyzed: ' || n; n := "
				    "drop_partitions('pile', '2026-01-19Z'); "
				    "ASSERT n BETWEEN 8000 AND 8001, 'counted: ' || n; END $$");
}
END_TEST

/* New rules come from what no rule knows: its bytes stay for a time of their own, and no longer. */
START_TEST(bytes_that_no_rule_knows_are_kept_for_longer)
{
	const int64_t old = NOW - 7 * 24 * HOUR, older = NOW - 100 * 24 * HOUR;
	struct store *store = open_migrated();
	struct arena *arena = arena_new();
	struct store_batch_result result;
	struct store_event_message message;
	struct store_retention retention;
	struct store_event event;
	struct sample samples[3];
	struct store_erased erased;
	struct uuid ids[3], mail;
	struct str stream, raw;

	for (unsigned i = 0; i < 3; i++) {
		sample_init(&samples[i], i, "one.example");
		samples[i].envelope.received_at_us = i < 2 ? old : older;
		ids[i] = store_id(samples[i].envelope.received_at_us, STR("s1"), i, 1);
	}
	samples[1].events[0].reason = samples[2].events[0].reason = REASON_UNKNOWN_UNCLASSIFIED;
	ck_assert_int_eq(load(store, "s1", samples, 3, 0, 3, &result), ERR_OK);
	ck_assert_int_eq(store_drop(store, STORE_KEPT_RAW, NOW - 24 * HOUR), ERR_OK);
	for (unsigned i = 0; i < 3; i++) {
		ck_assert_int_eq(store_event(store, arena, &ids[i], &event, &message), ERR_OK);
		ck_assert_int_eq(message.has_raw, i > 0);
	}
	mail = store_id(old, STR("s1"), 1, 0);
	ck_assert_int_eq(store_message_raw(store, arena, &mail, &stream, &raw), ERR_OK);
	ck_assert(str_eq(raw, samples[1].message.raw));
	ck_assert_int_eq(
		store_drop(store, STORE_KEPT_RAW_UNCLASSIFIED, NOW - 90 * 24 * HOUR), ERR_OK);
	ck_assert_int_eq(store_event(store, arena, &ids[2], &event, &message), ERR_OK);
	ck_assert(!message.has_raw);
	ck_assert_int_eq(store_retention(store, &retention), ERR_OK);
	ck_assert_uint_eq(retention.rows[STORE_KEPT_RAW_UNCLASSIFIED], 1);
	ck_assert_int_eq(
		store_erase(
			store, &(struct store_erase){ .address = STR("Ann@example.com") }, &erased),
		ERR_OK);
	ck_assert_uint_eq(erased.raw, 1);
	ck_assert_int_eq(store_message_raw(store, arena, &mail, &stream, &raw), ERR_NOT_FOUND);
	arena_free(arena);
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_rollup");
	TCase *tests = tcase_create("batch");
	int code;

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, send_time_is_the_date_within_bounds);
	tcase_add_loop_test(tests, an_event_happened_when_it_did, 0, ARRAY_LEN(moments));
	tcase_add_test(tests, send_time_has_buckets_of_its_own);
	tcase_add_test(tests, rollups_made_again_are_the_same);
	tcase_add_test(tests, a_damaged_rollup_is_found_and_mended);
	tcase_add_test(tests, rows_move_when_their_partition_is_made);
	tcase_add_test(tests, each_kind_is_kept_for_its_own_time);
	tcase_add_test(tests, rows_of_a_large_week_are_about_known);
	tcase_add_test(tests, bytes_that_no_rule_knows_are_kept_for_longer);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
