// links: api_handle store
// Check program of what a rate is made of: which of several reports counts, what is proven, which failures and volumes
// are of one time.
#define _GNU_SOURCE
#include "api/handle/rate.h"
#include "store/overview.h"
#include "tests/support/store_batch_fixture.h"

#include <sys/wait.h>

#define DAY  TIMESTAMP_DAY_US
#define NOON ((int64_t)1795003200 * TIMESTAMP_SECOND_US) /* 2026-11-18T12:00:00Z */

static struct store *store;
static uint64_t sequence;

static void setup(void)
{
	store = open_migrated();
	sequence = 0;
}

static void teardown(void)
{
	store_close(store);
}

/* ---- reports of one delivery ---- */

struct told {
	const char *name;
	enum outcome outcome;
	enum reason_class class;
	struct store_standing standing;
};
#define RATED                                                                                      \
	{                                                                                          \
		PROOF_NONE, .rated = true, .counts = true                                          \
	}
static const struct told delay = { "delay", OUTCOME_DELAYED, CLASS_SOFT, RATED };
static const struct told failure = { "failure", OUTCOME_FAILED, CLASS_HARD, RATED };
static const struct told again = { "again", OUTCOME_FAILED, CLASS_HARD, RATED };
static const struct told handed_on = { "handed on", OUTCOME_RELAYED, CLASS_NONE, RATED };
static const struct told complaint = { "complaint", OUTCOME_COMPLAINT, CLASS_NONE, RATED };
static const struct told forged = { "forged", OUTCOME_FAILED, CLASS_HARD,
	{ PROOF_INVALID, .rated = false, .counts = true } };
static const struct told too_many = { "too many", OUTCOME_FAILED, CLASS_HARD,
	{ PROOF_NONE, .rated = true, .counts = false } };

static void report(struct sample *sample, const struct told *told, const char *id)
{
	sample_init(sample, sequence++, "one.example");
	sample->report.original.message_id = str_c(id);
	sample->events[0].outcome = told->outcome;
	sample->events[0].class = told->class;
	sample->envelope.received_at_us = NOW - (int64_t)(sequence % 7) * 5 * HOUR;
	sample->message.standings = &told->standing;
	snprintf((char *)sample->message.digest, STORE_DIGEST_BYTES, "%s %llu", told->name,
		(unsigned long long)sequence);
}

static void load_one(const struct told *told, const char *id)
{
	const uint64_t from = sequence;
	struct store_batch_result result;
	struct sample sample;

	report(&sample, told, id);
	ck_assert_int_eq(load(store, "s1", &sample, 1, from, from + 1, &result), ERR_OK);
	ck_assert_uint_eq(result.events, 1);
}

static struct store_counts counts(void)
{
	return counts_of(store, "one.example", STORE_BASIS_EVENT);
}

static const struct {
	const struct told *told[4];
	uint64_t failed, delayed, relayed, complaints, unproven;
} stories[] = {
	{ { &delay, &failure }, 1, 0, 0, 0, 0 },
	{ { &failure, &delay }, 1, 0, 0, 0, 0 },
	{ { &failure, &again }, 1, 0, 0, 0, 0 },
	{ { &delay, &handed_on, &failure }, 1, 0, 0, 0, 0 },
	{ { &failure, &handed_on, &delay }, 1, 0, 0, 0, 0 },
	{ { &delay, &delay, &handed_on }, 0, 0, 1, 0, 0 },
	{ { &failure, &complaint }, 1, 0, 0, 1, 0 },
	{ { &complaint, &complaint, &delay }, 0, 1, 0, 1, 0 },
	/* What anybody can write takes nothing from what is proven. */
	{ { &delay, &forged }, 0, 1, 0, 0, 0 },
	{ { &forged, &delay }, 0, 1, 0, 0, 0 },
	{ { &forged, &failure }, 1, 0, 0, 0, 0 },
	{ { &forged, &forged }, 0, 0, 0, 0, 1 },
	{ { &too_many, &delay }, 0, 1, 0, 0, 0 },
	{ { &too_many }, 0, 0, 0, 0, 0 },
};

static void check_story(int i)
{
	struct store_counts got = counts();

	ck_assert_uint_eq(got.failed, stories[i].failed);
	ck_assert_uint_eq(got.hard, stories[i].failed);
	ck_assert_uint_eq(got.delayed, stories[i].delayed);
	ck_assert_uint_eq(got.relayed, stories[i].relayed);
	ck_assert_uint_eq(got.complaints, stories[i].complaints);
	ck_assert_uint_eq(got.unproven, stories[i].unproven);
	ck_assert_uint_eq(differences(store), 0);
}

/* Each in a batch of its own, all in one, and all of it once more. */
START_TEST(reports_of_one_delivery_count_once)
{
	struct sample samples[4];
	struct store_batch_result result;
	size_t n = 0;

	for (; n < 4 && stories[_i].told[n]; n++)
		load_one(stories[_i].told[n], "<m@sender.example>");
	check_story(_i);
	ck_assert_int_eq(store_set_back(store, STR("s1"), sequence, 0), ERR_OK);
	sequence = 0;
	for (size_t i = 0; i < n; i++)
		report(&samples[i], stories[_i].told[i], "<m@sender.example>");
	ck_assert_int_eq(load(store, "s1", samples, n, 0, n, &result), ERR_OK);
	ck_assert_uint_eq(result.events, 0);
	check_story(_i);
	ck_assert_int_eq(store_rollup_rebuild(store, NOW - 60 * DAY, NOW + DAY), ERR_OK);
	check_story(_i);
}
END_TEST

START_TEST(reports_of_one_delivery_in_one_batch_count_once)
{
	struct sample samples[4];
	struct store_batch_result result;
	size_t n = 0;

	for (; n < 4 && stories[_i].told[n]; n++)
		report(&samples[n], stories[_i].told[n], "<m@sender.example>");
	ck_assert_int_eq(load(store, "s1", samples, n, 0, n, &result), ERR_OK);
	ck_assert_uint_eq(result.events, n);
	check_story(_i);
}
END_TEST

/* The key of an erased address is forgotten, so that a weaker report that comes later counts. The stronger one comes once more, has counted
 * all the while, and takes nothing from it. */
START_TEST(what_is_stored_already_displaces_nothing)
{
	struct sample samples[2];
	struct store_batch_result result;
	char conninfo[800];

	snprintf(conninfo, sizeof conninfo, "%s dbname=t%d_1", fixture.conninfo, (int)getpid());
	load_one(&failure, "<m@sender.example>");
	fixture_sql(conninfo, "DELETE FROM failure");
	load_one(&delay, "<m@sender.example>");
	ck_assert_uint_eq(counts().failed, 1);
	ck_assert_uint_eq(counts().delayed, 1);
	ck_assert_int_eq(store_set_back(store, STR("s1"), sequence, 0), ERR_OK);
	sequence = 0;
	report(&samples[0], &failure, "<m@sender.example>");
	report(&samples[1], &delay, "<m@sender.example>");
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(load(store, "s1", &samples[i], 1, i, i + 1, &result), ERR_OK);
		ck_assert_uint_eq(result.replays, 1);
	}
	ck_assert_uint_eq(counts().failed, 1);
	ck_assert_uint_eq(counts().delayed, 1);
	ck_assert_uint_eq(differences(store), 0);
}
END_TEST

START_TEST(other_mails_and_nameless_ones_count_each)
{
	load_one(&failure, "<1@sender.example>");
	load_one(&failure, "<2@sender.example>");
	load_one(&failure, "");
	load_one(&failure, "");
	ck_assert_uint_eq(counts().failed, 4);
	ck_assert_uint_eq(differences(store), 0);
}
END_TEST

/* Two loaders, who hold the two reports of each delivery, at the same moment. */
START_TEST(two_loaders_count_one_delivery_once)
{
	enum { N = 200 };
	struct sample *samples = calloc(N, sizeof *samples);
	char conninfo[700], ids[N][32];
	pid_t pids[2];
	int status;

	snprintf(conninfo, sizeof conninfo, "%s dbname=t%d_1", fixture.conninfo, (int)getpid());
	for (unsigned k = 0; k < 2; k++) {
		pids[k] = fork();
		ck_assert_int_ge(pids[k], 0);
		if (pids[k])
			continue;
		struct store_batch_result result;
		struct store *own = NULL;
		enum err err = fixture_open(conninfo, &own);

		sequence = 1000 * k;
		for (unsigned i = 0; i < N; i++) {
			snprintf(ids[i], sizeof ids[i], "<%u@sender.example>", k ? N - 1 - i : i);
			report(&samples[i], k ? &failure : &delay, ids[i]);
		}
		for (unsigned i = 0; i < N && !err; i += 20)
			do
				err = load(
					own, k ? "s2" : "s1", samples + i, 20, i, i + 20, &result);
			while (err == ERR_CONFLICT);
		_exit(err ? 1 : 0);
	}
	for (unsigned k = 0; k < 2; k++)
		ck_assert(waitpid(pids[k], &status, 0) == pids[k] && WIFEXITED(status) &&
			  WEXITSTATUS(status) == 0);
	ck_assert_uint_eq(counts().failed, N);
	ck_assert_uint_eq(counts().delayed, 0);
	ck_assert_uint_eq(differences(store), 0);
	free(samples);
}
END_TEST

/* ---- proof ---- */

static uint64_t failed_of(const char *proof)
{
	struct store_window window = { .from_us = timestamp_floor(NOW, HOUR) - 40 * DAY,
		.to_us = timestamp_floor(NOW, HOUR) + HOUR,
		.proof = str_c(proof) };
	struct store_counts got;

	ck_assert_int_eq(store_domain_counts(store, &window, STR("one.example"), &got), ERR_OK);
	return got.failed;
}

START_TEST(proof_is_asked_for)
{
	static const struct told told[] = {
		{ "valid", OUTCOME_FAILED, CLASS_HARD, { PROOF_VALID, true, true, STR_EMPTY } },
		{ "log", OUTCOME_FAILED, CLASS_HARD, { PROOF_LOG, true, true, STR_EMPTY } },
		{ "none", OUTCOME_FAILED, CLASS_HARD, { PROOF_NONE, false, true, STR_EMPTY } },
		{ "unbound", OUTCOME_FAILED, CLASS_HARD,
			{ PROOF_UNBOUND, false, true, STR_EMPTY } },
		{ "invalid", OUTCOME_FAILED, CLASS_HARD,
			{ PROOF_INVALID, false, true, STR_EMPTY } },
	};

	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		load_one(&told[i], "");
	ck_assert_uint_eq(counts().failed, 2);
	ck_assert_uint_eq(counts().unproven, 3);
	ck_assert_uint_eq(failed_of("all"), 5);
	for (size_t i = 0; i < ARRAY_LEN(told); i++)
		ck_assert_uint_eq(failed_of(told[i].name), 1);
}
END_TEST

/* ---- failures and volumes of one time ---- */

static void fail_at(int64_t at_us, const char *stream, const char *domain)
{
	const uint64_t from = sequence;
	struct store_batch_result result;
	struct sample sample;

	sample_init(&sample, sequence++, domain);
	sample.envelope.received_at_us = at_us;
	sample.envelope.stream = str_c(stream);
	ck_assert_int_eq(load(store, "s1", &sample, 1, from, from + 1, &result), ERR_OK);
}

static void attempt(int64_t at_us, bool quarter, const char *stream, uint64_t n)
{
	struct store_volume row =
		VOLUME(at_us, str_c(stream), STR("c"), STR("one.example"), STR("m"), n);

	row.quarter = quarter;
	ck_assert_int_eq(store_volume_put(store, &row, 1), ERR_OK);
}

static struct rates rates_between(int64_t from_us, int64_t to_us)
{
	const struct store_window window = { .from_us = from_us, .to_us = to_us };
	struct store_counts got;

	ck_assert_int_eq(store_domain_counts(store, &window, STR("one.example"), &got), ERR_OK);
	return rates_of(&got);
}

START_TEST(bounces_of_the_night_are_of_their_day)
{
	attempt(NOON - 3 * HOUR, false, "news", 100);
	fail_at(NOON - 3 * HOUR, "news", "one.example");
	fail_at(NOON + 10 * HOUR, "news", "one.example");
	fail_at(NOON + 13 * HOUR, "news", "one.example");
	struct rates rates = rates_between(NOON - 12 * HOUR, NOON + 36 * HOUR);

	ck_assert(rates.known);
	ck_assert_double_eq_tol(rates.failure, 0.02, 1e-9);
	ck_assert_double_eq_tol(rates.coverage, 2.0 / 3, 1e-9);
	ck_assert_uint_eq(rates.flags, RATE_PARTLY_COVERED);
}
END_TEST

/* 0 of 100 would be a rate of a stream that nobody asked about. */
START_TEST(a_stream_without_a_volume_has_no_rate)
{
	attempt(NOON, false, "shop", 100);
	fail_at(NOON, "news", "one.example");
	struct rates rates = rates_between(NOON - DAY, NOON + DAY);

	ck_assert(!rates.known);
	ck_assert_double_eq(rates.coverage, 0);
	ck_assert_uint_eq(rates.flags, RATE_NOT_COVERED);
}
END_TEST

static bool take_point(void *context, const struct store_series_row *row)
{
	struct store_series_row *rows = context;

	while (rows->at_us)
		rows++;
	*rows = *row;
	return true;
}

/* 10:00 to 11:00 UTC is 15:30 to 16:30 in India: the hour of one lies in two of the other. */
START_TEST(a_zone_of_half_hours_cuts_an_hour)
{
	const struct store_window window = { .from_us = NOON - 6 * HOUR, .to_us = NOON + 6 * HOUR };
	const struct str domain = STR("one.example");
	struct store_series_row rows[8] = { 0 };

	attempt(NOON - 2 * HOUR, false, "news", 100);
	fail_at(NOON - 2 * HOUR, "news", "one.example");
	fail_at(NOON - 1 * HOUR - 1, "news", "one.example");
	for (int i = 0; i < 2; i++) {
		memset(rows, 0, sizeof rows);
		ck_assert_int_eq(
			store_timeseries(store, &window, i ? &domain : NULL, STORE_INTERVAL_HOUR,
				STR("Asia/Kolkata"), take_point, rows),
			ERR_OK);
		ck_assert_int_eq(rows[0].at_us, NOON - 2 * HOUR - HOUR / 2);
		ck_assert_int_eq(rows[1].at_us, NOON - 1 * HOUR - HOUR / 2);
		ck_assert_int_eq(rows[2].at_us, 0);
		for (int k = 0; k < 2; k++) {
			ck_assert(rows[k].counts.cut && !rows[k].counts.has_volume);
			ck_assert_uint_eq(rates_of(&rows[k].counts).flags, RATE_CUT);
			ck_assert_uint_eq(rows[k].counts.failed, 1);
		}
	}
}
END_TEST

/* Where quarters are told the zone cuts nothing, and each failure meets the attempts of its own hour. */
START_TEST(quarters_fit_every_zone)
{
	const struct store_window window = { .from_us = NOON - 6 * HOUR, .to_us = NOON + 6 * HOUR };
	struct store_series_row rows[8] = { 0 };

	for (int i = 0; i < 4; i++)
		attempt(NOON - 2 * HOUR + i * HOUR / 4, true, "news", 10);
	fail_at(NOON - 2 * HOUR, "news", "one.example");
	fail_at(NOON - 1 * HOUR - 1, "news", "one.example");
	ck_assert_int_eq(store_timeseries(store, &window, NULL, STORE_INTERVAL_HOUR,
				 STR("Asia/Kolkata"), take_point, rows),
		ERR_OK);
	for (int k = 0; k < 2; k++) {
		ck_assert(!rows[k].counts.cut);
		ck_assert_uint_eq(rows[k].counts.attempted, 20);
		ck_assert_uint_eq(rows[k].counts.failed_covered, 1);
	}
	memset(rows, 0, sizeof rows);
	ck_assert_int_eq(store_timeseries(store, &window, NULL, STORE_INTERVAL_15M, STR("UTC"),
				 take_point, rows),
		ERR_OK);
	for (int k = 0; k < 4; k++)
		ck_assert_uint_eq(rows[k].counts.attempted, 10);
}
END_TEST

/* The days of Tokyo begin at 15:00 UTC: so do the days that failures and volumes are matched by. */
START_TEST(days_are_those_of_the_zone)
{
	const struct store_window window = { .from_us = NOON - 2 * DAY, .to_us = NOON + 2 * DAY };
	struct store_series_row rows[8] = { 0 };

	attempt(NOON + 2 * HOUR, false, "news", 10);
	fail_at(NOON + 2 * HOUR, "news", "one.example");
	fail_at(NOON + 4 * HOUR, "news", "one.example");
	ck_assert_int_eq(store_timeseries(store, &window, NULL, STORE_INTERVAL_DAY,
				 STR("Asia/Tokyo"), take_point, rows),
		ERR_OK);
	ck_assert_uint_eq(rows[0].counts.failed_covered, 1);
	ck_assert_uint_eq(rows[1].counts.failed, 1);
	ck_assert_uint_eq(rows[1].counts.failed_covered, 0);
}
END_TEST

/* ---- volumes ---- */

static bool take_volume(void *context, const struct store_volume *row)
{
	struct store_volume *last = context;

	ck_assert(str_eq(row->domain, STR("one.example")));
	last->at_us = row->at_us;
	last->attempted += row->attempted;
	last->accepted += row->accepted;
	last->has_accepted |= row->has_accepted;
	last->quarter = row->quarter;
	return true;
}

START_TEST(volumes_are_listed_corrected_and_deleted)
{
	struct store_volumes_query query = {
		.from_us = NOON - DAY, .to_us = NOON + DAY, .limit = 1000
	};
	struct store_volume row =
		VOLUME(NOON, STR("news"), STR("c"), STR("one.example"), STR("m"), 50);
	struct store_volume sum = { .attempted = 0 };
	uint64_t n = 0;

	attempt(NOON, false, "news", 100);
	attempt(NOON + HOUR, false, "news", 7);
	row.has_accepted = true;
	row.accepted = 48;
	row.quarter = true;
	ck_assert_int_eq(store_volume_put(store, &row, 1), ERR_OK);
	ck_assert_int_eq(store_volumes(store, &query, take_volume, &sum), ERR_OK);
	ck_assert_uint_eq(sum.attempted, 57);
	ck_assert(sum.has_accepted && sum.accepted == 48);
	ck_assert_uint_eq(differences(store), 0);
	query.to_us = NOON + 1;
	ck_assert_int_eq(store_volumes_delete(store, &query, &n), ERR_OK);
	ck_assert_uint_eq(n, 1);
	ck_assert_uint_eq(differences(store), 0);
	fail_at(NOON, "news", "one.example");
	ck_assert_uint_eq(counts().attempted, 0);
	query.to_us = NOON + DAY;
	ck_assert_int_eq(store_volumes_delete(store, &query, &n), ERR_OK);
	ck_assert_uint_eq(n, 1);
	/* A day whose volumes are gone covers nothing. */
	ck_assert_uint_eq(rates_between(NOON - DAY, NOON + DAY).flags, RATE_NO_VOLUME);
	ck_assert_uint_eq(differences(store), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_rates");
	TCase *tests = tcase_create("rates");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, reports_of_one_delivery_count_once, 0, ARRAY_LEN(stories));
	tcase_add_loop_test(
		tests, reports_of_one_delivery_in_one_batch_count_once, 0, ARRAY_LEN(stories));
	tcase_add_test(tests, what_is_stored_already_displaces_nothing);
	tcase_add_test(tests, other_mails_and_nameless_ones_count_each);
	tcase_add_test(tests, two_loaders_count_one_delivery_once);
	tcase_add_test(tests, proof_is_asked_for);
	tcase_add_test(tests, bounces_of_the_night_are_of_their_day);
	tcase_add_test(tests, a_stream_without_a_volume_has_no_rate);
	tcase_add_test(tests, a_zone_of_half_hours_cuts_an_hour);
	tcase_add_test(tests, quarters_fit_every_zone);
	tcase_add_test(tests, days_are_those_of_the_zone);
	tcase_add_test(tests, volumes_are_listed_corrected_and_deleted);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	fixture_start();
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	fixture_stop();
	return failed ? 1 : 0;
}
