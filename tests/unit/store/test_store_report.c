// links: store
// Check program of reports: volumes, rankings, details and series.
#define _GNU_SOURCE
#include "store/overview.h"
#include "tests/support/store_report_fixture.h"
#include "tests/support/suite.h"

START_TEST(counts_of_a_domain)
{
	struct store *store = told();
	struct store_counts counts = counts_in(store, all_days, "a.example");

	ck_assert_uint_eq(counts.failed, 10);
	ck_assert_uint_eq(counts.hard, 5);
	ck_assert_uint_eq(counts.soft, 3);
	ck_assert_uint_eq(counts.block, 2);
	ck_assert(counts.has_volume);
	ck_assert_uint_eq(counts.attempted, 110);
	/* The day before has no volume: its five failures are not covered. */
	ck_assert_uint_eq(counts.failed_covered, 5);
	ck_assert_uint_eq(counts.hard_covered, 0);
	ck_assert_uint_eq(counts.soft_covered, 3);
	ck_assert_uint_eq(counts.block_covered, 2);
	counts = counts_in(store, all_days, "b.example");
	ck_assert(!counts.has_volume);
	ck_assert_uint_eq(counts.delayed, 4);
	counts = counts_in(store, all_days, "c.example");
	ck_assert_uint_eq(counts.complaints, 1);
	ck_assert_uint_eq(counts.failed, 0);
	counts = counts_in(store, all_days, "quiet.example");
	ck_assert_uint_eq(counts.attempted, 500);
	counts = counts_in(store, all_days, "never.example");
	ck_assert(!counts.has_volume && counts.failed == 0);
	store_close(store);
}
END_TEST

START_TEST(a_stream_is_counted_alone)
{
	struct store *store = told();
	struct store_window window = all_days;
	struct store_counts counts;

	window.stream = STR("shop");
	counts = counts_in(store, window, "a.example");
	ck_assert_uint_eq(counts.failed, 2);
	ck_assert_uint_eq(counts.attempted, 10);
	ck_assert_uint_eq(counts.failed_covered, 2);
	store_close(store);
}
END_TEST

/* The same counts however the window lies to whole days: the daily table and the edges must meet. */
START_TEST(every_window_adds_up)
{
	struct store *store = told();

	for (int from = -30; from <= 30; from += 5)
		for (int to = from + 1; to <= 31; to += 5) {
			struct store_window window = { .from_us = NOON + from * HOUR,
				.to_us = NOON + to * HOUR,
				.stream = STR_EMPTY };
			uint64_t wanted = 0;

			for (size_t i = 0; i < 3; i++)
				if (story[i].at_us >= window.from_us &&
					story[i].at_us < window.to_us)
					wanted += story[i].n;
			ck_assert_uint_eq(counts_in(store, window, "a.example").failed, wanted);
		}
	store_close(store);
}
END_TEST

struct names {
	char text[200];
	struct store_domain_place last;
	char last_domain[64];
	size_t n;
};

static bool note_name(void *context, const struct store_domain_row *row)
{
	struct names *names = context;
	size_t used = strlen(names->text);

	snprintf(names->text + used, sizeof names->text - used, "%.*s ", STR_ARG(row->domain));
	snprintf(names->last_domain, sizeof names->last_domain, "%.*s", STR_ARG(row->place.domain));
	names->last = (struct store_domain_place){ .value = row->place.value,
		.domain = str_c(names->last_domain) };
	names->n++;
	return true;
}

static const struct {
	enum store_sort sort;
	uint64_t min_attempted;
	const char *names;
	bool reversed;
} sort_cases[] = {
	{ STORE_SORT_FAILED, 0, "a.example b.example c.example quiet.example ", false },
	{ STORE_SORT_FAILURE_RATE, 0, "a.example quiet.example b.example c.example ", false },
	{ STORE_SORT_ATTEMPTED, 0, "quiet.example a.example b.example c.example ", false },
	{ STORE_SORT_HARD, 0, "b.example a.example c.example quiet.example ", false },
	{ STORE_SORT_SOFT, 0, "a.example b.example c.example quiet.example ", false },
	{ STORE_SORT_BLOCK, 0, "a.example b.example c.example quiet.example ", false },
	{ STORE_SORT_DELAYED, 0, "b.example a.example c.example quiet.example ", false },
	{ STORE_SORT_COMPLAINTS, 0, "c.example a.example b.example quiet.example ", false },
	{ STORE_SORT_DOMAIN, 0, "a.example b.example c.example quiet.example ", false },
	{ STORE_SORT_FAILED, 110, "a.example quiet.example ", false },
	{ STORE_SORT_FAILED, 111, "quiet.example ", false },
	{ STORE_SORT_FAILED, 0, "c.example quiet.example b.example a.example ", true },
	{ STORE_SORT_FAILURE_RATE, 0, "quiet.example a.example b.example c.example ", true },
	{ STORE_SORT_ATTEMPTED, 0, "a.example quiet.example b.example c.example ", true },
	{ STORE_SORT_DOMAIN, 0, "quiet.example c.example b.example a.example ", true },
};

/* Each order, in one page and in pages of one. */
START_TEST(rankings)
{
	struct store *store = told();
	struct store_domains_query query = { .window = all_days,
		.sort = sort_cases[_i].sort,
		.min_attempted = sort_cases[_i].min_attempted,
		.reversed = sort_cases[_i].reversed,
		.limit = LIMIT_PAGE_ROWS };
	struct names whole = { 0 }, paged = { 0 };
	size_t before = 1;

	ck_assert_int_eq(store_domains(store, &query, note_name, &whole), ERR_OK);
	ck_assert_str_eq(whole.text, sort_cases[_i].names);
	query.limit = 1;
	while (before != paged.n) {
		struct store_domain_place place = paged.last;
		char domain[64];

		before = paged.n;
		snprintf(domain, sizeof domain, "%s", paged.last_domain);
		place.domain = str_c(domain);
		query.after = paged.n ? &place : NULL;
		ck_assert_int_eq(store_domains(store, &query, note_name, &paged), ERR_OK);
	}
	ck_assert_str_eq(paged.text, whole.text);
	store_close(store);
}
END_TEST

START_TEST(volumes_replace_and_add)
{
	struct store *store = open_migrated();
	struct store_volume rows[3] = {
		VOLUME(NOON, STR("news"), STR("c1"), STR("a.example"), STR("mta1"), 10),
		VOLUME(NOON, STR("news"), STR("c1"), STR("a.example"), STR("mta2"), 5),
		VOLUME(NOON, STR("news"), STR("c1"), STR("a.example"), STR("mta1"), 20),
	};

	ck_assert_int_eq(store_volume_put(store, rows, 3), ERR_OK);
	ck_assert_uint_eq(counts_in(store, all_days, "a.example").attempted, 25);
	ck_assert_int_eq(store_volume_put(store, rows, 3), ERR_OK);
	ck_assert_uint_eq(counts_in(store, all_days, "a.example").attempted, 25);
	ck_assert_int_eq(store_volume_put(store, rows, 1), ERR_OK);
	ck_assert_uint_eq(counts_in(store, all_days, "a.example").attempted, 15);
	ck_assert_int_eq(store_volume_put(store, rows, 0), ERR_OK);
	rows[0].at_us = NOON + 1;
	ck_assert_int_eq(store_volume_put(store, rows, 3), ERR_RANGE);
	rows[0].at_us = NOON;
	rows[0].attempted = STORE_VOLUME_MAX + 1;
	ck_assert_int_eq(store_volume_put(store, rows, 3), ERR_RANGE);
	rows[0].attempted = STORE_VOLUME_MAX;
	ck_assert_int_eq(store_volume_put(store, rows, 1), ERR_OK);
	store_close(store);
}
END_TEST

START_TEST(volumes_end_at_their_limit)
{
	struct store *store = open_migrated();
	struct store_volume *rows = calloc(LIMIT_VOLUME_ROWS + 1, sizeof *rows);

	for (size_t i = 0; i <= LIMIT_VOLUME_ROWS; i++)
		rows[i] = (struct store_volume)VOLUME(NOON - (int64_t)i * HOUR, STR("s"), STR("c"),
			STR("a.example"), STR("m"), 1);
	ck_assert_int_eq(store_volume_put(store, rows, LIMIT_VOLUME_ROWS), ERR_OK);
	ck_assert_int_eq(store_volume_put(store, rows, LIMIT_VOLUME_ROWS + 1), ERR_LIMIT);
	free(rows);
	store_close(store);
}
END_TEST

static bool note_reason(void *context, const struct store_reason_row *row)
{
	char *text = context;
	size_t used = strlen(text);

	snprintf(text + used, 400 - used, "%.*s %.*s %.*s %d; ",
		STR_ARG(outcome_name(row->outcome)), STR_ARG(row->reason), STR_ARG(row->class),
		(int)row->count);
	return true;
}

static bool note_diagnostic(void *context, const struct store_diagnostic_row *row)
{
	char *text = context;
	size_t used = strlen(text);

	snprintf(text + used, 400 - used, "%.*s %d; ", STR_ARG(row->template), (int)row->count);
	return true;
}

static bool note_step(void *context, const struct store_series_row *row)
{
	char room[TIMESTAMP_TEXT_BYTES], *text = context;
	size_t used = strlen(text);

	timestamp_format(row->at_us, room);
	snprintf(text + used, 400 - used, "%.13s %d/%d (%d); ", room, (int)row->counts.failed,
		(int)row->counts.attempted, (int)row->counts.failed_covered);
	return true;
}

START_TEST(details_of_a_domain)
{
	const struct str domain = STR("a.example");
	struct store *store = told();
	char text[400] = "";

	ck_assert_int_eq(
		store_domain_reasons(store, &all_days, STR("a.example"), note_reason, text),
		ERR_OK);
	ck_assert_str_eq(text, "failed recipient.unknown hard 5; failed mailbox.full soft 3; "
			       "failed content.spam block 2; ");
	text[0] = '\0';
	ck_assert_int_eq(store_domain_diagnostics(
				 store, &all_days, STR("a.example"), 2, note_diagnostic, text),
		ERR_OK);
	ck_assert_str_eq(text, "550 5.1.1 <*> unknown 5; 452 4.2.2 full 3; ");
	text[0] = '\0';
	ck_assert_int_eq(store_timeseries(store, &all_days, &domain, STORE_INTERVAL_HOUR,
				 STR("UTC"), note_step, text),
		ERR_OK);
	ck_assert_str_eq(text, "2026-11-17T12 5/0 (0); 2026-11-18T12 3/100 (3); "
			       "2026-11-19T12 2/10 (2); ");
	text[0] = '\0';
	ck_assert_int_eq(store_timeseries(store, &all_days, &domain, STORE_INTERVAL_DAY, STR("UTC"),
				 note_step, text),
		ERR_OK);
	ck_assert_str_eq(text, "2026-11-17T00 5/0 (0); 2026-11-18T00 3/100 (3); "
			       "2026-11-19T00 2/10 (2); ");
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_report");
	TCase *tests = tcase_create("report");
	int code;

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, counts_of_a_domain);
	tcase_add_test(tests, a_stream_is_counted_alone);
	tcase_add_test(tests, every_window_adds_up);
	tcase_add_loop_test(tests, rankings, 0, ARRAY_LEN(sort_cases));
	tcase_add_test(tests, volumes_replace_and_add);
	tcase_add_test(tests, volumes_end_at_their_limit);
	tcase_add_test(tests, details_of_a_domain);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
