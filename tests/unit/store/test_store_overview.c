// links: store
// Check program of the store's overviews, on a real database: series by time zone, reasons, streams, one
// recipient, raw bytes, spools.
#define _GNU_SOURCE
#include "store/overview.h"
#include "tests/support/cluster_fixture.h"
#include "tests/support/suite.h"

#include <check.h>

#define NOON ((int64_t)1795003200 * TIMESTAMP_SECOND_US) /* 2026-11-18T12:00:00Z, a Wednesday */
#define HOUR TIMESTAMP_HOUR_US
#define DAY  TIMESTAMP_DAY_US

static struct store *store;
static struct arena *arena;

static void add(struct store_batch *batch, uint64_t sequence, int64_t at_us, const char *stream,
	enum outcome outcome, enum reason reason)
{
	struct envelope envelope = { .received_at_us = at_us, .stream = str_c(stream) };
	struct store_message message = { .sequence = sequence,
		.raw = STR("Subject: x\r\n\r\n\xFF") };
	struct report report;
	struct event event;

	event_init(&event);
	report_init(&report);
	event.recipient = STR("Ann@example.com");
	event.domain = STR("example.com");
	event.outcome = outcome;
	event.reason = reason;
	event.class = reason_class(reason);
	report.kind = KIND_BOUNCE;
	report.events = &event;
	report.n_events = 1;
	message.envelope = &envelope;
	message.report = &report;
	memcpy(message.digest, &sequence, sizeof sequence);
	ck_assert_int_eq(store_batch_add(batch, &message), ERR_OK);
}

/* Three failures: 22:10 and 23:50 UTC of the 17th, noon of the 18th; a delay at noon. */
static void setup(void)
{
	const struct store_volume volume =
		VOLUME(NOON, STR("news"), STR_EMPTY, STR("example.com"), STR_EMPTY, 10);
	const int64_t evening = NOON - 14 * HOUR;
	struct store_batch_result result;
	struct store_batch *batch;

	arena = arena_new();
	store = fixture_migrated(NOON);
	batch = store_batch_new(store, STR("s1"));
	add(batch, 0, evening + 10 * TIMESTAMP_MINUTE_US, "shop", OUTCOME_FAILED,
		REASON_RECIPIENT_UNKNOWN);
	add(batch, 1, evening + 110 * TIMESTAMP_MINUTE_US, "news", OUTCOME_FAILED,
		REASON_RECIPIENT_UNKNOWN);
	add(batch, 2, NOON, "news", OUTCOME_FAILED, REASON_CONTENT_SPAM);
	add(batch, 3, NOON, "news", OUTCOME_DELAYED, REASON_CONTENT_SPAM);
	ck_assert_int_eq(store_batch_commit(batch, 0, 4, &result), ERR_OK);
	ck_assert_int_eq(store_volume_put(store, &volume, 1), ERR_OK);
	store_batch_free(batch);
}

static void teardown(void)
{
	store_close(store);
	arena_free(arena);
}

static struct store_window window(const char *stream)
{
	return (struct store_window){
		.from_us = NOON - 3 * DAY, .to_us = NOON + DAY, .stream = str_c(stream)
	};
}

struct series {
	int64_t at_us[8];
	struct store_counts counts[8];
	size_t n;
};

static bool take_point(void *context, const struct store_series_row *row)
{
	struct series *series = context;

	series->at_us[series->n] = row->at_us;
	series->counts[series->n++] = row->counts;
	return true;
}

static const struct {
	enum store_interval interval;
	const char *timezone;
	size_t n;
	int64_t first_us; /* start of the first interval, after NOON */
	uint64_t first_failed, attempted;
} series_cases[] = {
	/* The volume is of an hour, which quarters cut, and half-hours of a zone: its two ends say so. */
	{ STORE_INTERVAL_15M, "UTC", 4, -14 * HOUR, 1, 0 },
	{ STORE_INTERVAL_HOUR, "UTC", 3, -14 * HOUR, 1, 10 },
	{ STORE_INTERVAL_HOUR, "Asia/Kolkata", 4, -14 * HOUR - HOUR / 2, 1, 0 },
	{ STORE_INTERVAL_DAY, "UTC", 2, -36 * HOUR, 2, 10 },
	{ STORE_INTERVAL_DAY, "Europe/Berlin", 2, -37 * HOUR, 1, 10 },
	{ STORE_INTERVAL_DAY, "Asia/Tokyo", 1, -21 * HOUR, 3, 10 },
	{ STORE_INTERVAL_WEEK, "UTC", 1, -60 * HOUR, 3, 10 },
	{ STORE_INTERVAL_MONTH, "UTC", 1, -17 * DAY - 12 * HOUR, 3, 10 },
};

START_TEST(series_by_interval_and_time_zone)
{
	const struct store_window all = window("");
	struct series series = { .n = 0 };
	uint64_t attempted = 0, cut = 0;

	ck_assert_int_eq(store_timeseries(store, &all, NULL, series_cases[_i].interval,
				 str_c(series_cases[_i].timezone), take_point, &series),
		ERR_OK);
	ck_assert_uint_eq(series.n, series_cases[_i].n);
	ck_assert_int_eq(series.at_us[0] - NOON, series_cases[_i].first_us);
	ck_assert_uint_eq(series.counts[0].failed, series_cases[_i].first_failed);
	for (size_t i = 0; i < series.n; i++) {
		attempted += series.counts[i].attempted;
		cut += series.counts[i].cut;
	}
	ck_assert_uint_eq(attempted, series_cases[_i].attempted);
	ck_assert_uint_eq(cut, attempted ? 0 : 2);
}
END_TEST

START_TEST(series_of_a_domain_and_a_stream)
{
	const struct store_window shop = window("shop");
	const struct str domain = STR("example.com"), other = STR("other.example");
	struct series series = { .n = 0 };

	ck_assert_int_eq(store_timeseries(store, &shop, &domain, STORE_INTERVAL_MONTH, STR("UTC"),
				 take_point, &series),
		ERR_OK);
	ck_assert_uint_eq(series.n, 1);
	ck_assert_uint_eq(series.counts[0].failed, 1);
	ck_assert(!series.counts[0].has_volume);
	ck_assert_int_eq(store_timeseries(store, &shop, &other, STORE_INTERVAL_MONTH, STR("UTC"),
				 take_point, &series),
		ERR_OK);
	ck_assert_uint_eq(series.n, 1);
}
END_TEST

START_TEST(time_zones)
{
	ck_assert_int_eq(store_timezone_known(store, STR("Europe/Berlin")), ERR_OK);
	ck_assert_int_eq(store_timezone_known(store, STR("Europe/Nowhere")), ERR_NOT_FOUND);
	for (int i = 0; i < STORE_INTERVAL_COUNT; i++) {
		ck_assert_uint_gt(store_interval_name((enum store_interval)i).n, 0);
		ck_assert(i == 0 || store_interval_us((enum store_interval)i) >
					    store_interval_us((enum store_interval)(i - 1)));
	}
}
END_TEST

static bool take_reason(void *context, const struct store_reason_row *row)
{
	struct str *text = context;

	*text = arena_printf(arena, "%.*s%.*s/%.*s/%u ", STR_ARG(*text),
		STR_ARG(outcome_name(row->outcome)), STR_ARG(row->reason), (unsigned)row->count);
	return true;
}

static bool take_stream(void *context, const struct store_stream_row *row)
{
	struct str *text = context;

	*text = arena_printf(arena, "%.*s%.*s/%u/%u ", STR_ARG(*text), STR_ARG(row->stream),
		(unsigned)row->counts.failed, (unsigned)row->counts.attempted);
	return true;
}

START_TEST(reasons_and_streams)
{
	const struct store_window all = window(""), shop = window("shop");
	struct str text = STR_EMPTY;

	ck_assert_int_eq(store_reasons(store, &all, NULL, take_reason, &text), ERR_OK);
	ck_assert(str_eq(text, STR("failed/recipient.unknown/2 delayed/content.spam/1 "
				   "failed/content.spam/1 ")));
	text = STR_EMPTY;
	ck_assert_int_eq(store_reasons(store, &shop, NULL, take_reason, &text), ERR_OK);
	ck_assert(str_eq(text, STR("failed/recipient.unknown/1 ")));
	text = STR_EMPTY;
	ck_assert_int_eq(store_streams(store, &all, NULL, take_stream, &text), ERR_OK);
	ck_assert(str_eq(text, STR("news/2/10 shop/1/0 ")));
}
END_TEST

START_TEST(one_recipient)
{
	struct store_recipient counts;

	ck_assert_int_eq(
		store_recipient(store, STR("ANN@EXAMPLE.com"), STR_EMPTY, &counts), ERR_OK);
	ck_assert_uint_eq(counts.events, 4);
	ck_assert_uint_eq(counts.failed, 3);
	ck_assert_uint_eq(counts.hard, 2);
	ck_assert_uint_eq(counts.block, 1);
	ck_assert_uint_eq(counts.delayed, 1);
	ck_assert_int_eq(counts.last_us, NOON);
	ck_assert_int_eq(
		store_recipient(store, STR("ann@example.com"), STR("shop"), &counts), ERR_OK);
	ck_assert_uint_eq(counts.events, 1);
	ck_assert_int_eq(
		store_recipient(store, STR("bob@example.com"), STR_EMPTY, &counts), ERR_OK);
	ck_assert_uint_eq(counts.events, 0);
	ck_assert(counts.first_us == TIMESTAMP_NONE && counts.last_us == TIMESTAMP_NONE);
}
END_TEST

START_TEST(raw_bytes_come_back)
{
	struct uuid id = store_id(NOON, STR("s1"), 2, 0), wrong = store_id(NOON, STR("s1"), 9, 0);
	struct str stream, raw;

	ck_assert_int_eq(store_message_raw(store, arena, &id, &stream, &raw), ERR_OK);
	ck_assert(str_eq(stream, STR("news")));
	ck_assert(str_eq(raw, STR("Subject: x\r\n\r\n\xFF")));
	ck_assert_int_eq(store_message_raw(store, arena, &wrong, &stream, &raw), ERR_NOT_FOUND);
	memset(wrong.bytes, 0xFF, sizeof wrong.bytes);
	ck_assert_int_eq(store_message_raw(store, arena, &wrong, &stream, &raw), ERR_NOT_FOUND);
}
END_TEST

static bool take_spool(void *context, const struct store_spool_row *row)
{
	struct store_spool_row *spool = context;

	ck_assert(str_eq(row->spool_id, STR("s1")));
	*spool = *row;
	return true;
}

START_TEST(spools_and_their_counts)
{
	struct store_spool_row row = { .sequence = 0 };

	ck_assert_int_eq(store_spools(store, take_spool, &row), ERR_OK);
	ck_assert_uint_eq(row.sequence, 4);
	ck_assert_uint_eq(row.messages, 4);
	ck_assert_uint_eq(row.events, 4);
	ck_assert_uint_eq(row.second_deliveries, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_overview");
	TCase *tests = tcase_create("store_overview");
	int code;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, series_by_interval_and_time_zone, 0, ARRAY_LEN(series_cases));
	tcase_add_test(tests, series_of_a_domain_and_a_stream);
	tcase_add_test(tests, time_zones);
	tcase_add_test(tests, reasons_and_streams);
	tcase_add_test(tests, one_recipient);
	tcase_add_test(tests, raw_bytes_come_back);
	tcase_add_test(tests, spools_and_their_counts);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
