// links: store
// Check program of reports: volumes, rankings, details, series and lists of events.
#define _GNU_SOURCE
#include "core/limits.h"
#include "tests/support/cluster_fixture.h"

#include <check.h>

#define HOUR TIMESTAMP_HOUR_US
#define DAY  TIMESTAMP_DAY_US
#define NOON ((int64_t)1795003200 * TIMESTAMP_SECOND_US) /* 2026-11-18T12:00:00Z */

static struct store *open_migrated(void)
{
	struct store *store = NULL;
	struct store_migration migration;

	ck_assert_int_eq(fixture_open(fixture_database(), &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOON, 1000, &migration), ERR_OK);
	return store;
}

/* One line of a story: at `at_us`, n messages of one event each. */
struct line {
	int64_t at_us;
	const char *stream, *domain, *recipient, *diagnostic;
	enum outcome outcome;
	enum reason reason;
	enum reason_class class;
	unsigned n;
};

static void add_line(struct store_batch *batch, const struct line *line, uint64_t *sequence)
{
	for (unsigned i = 0; i < line->n; i++, ++*sequence) {
		struct envelope envelope = { .received_at_us = line->at_us + i,
			.stream = str_c(line->stream) };
		struct report report;
		struct event event;
		struct store_message message = {
			.sequence = *sequence, .envelope = &envelope, .report = &report
		};

		event_init(&event);
		report_init(&report);
		event.domain = str_c(line->domain);
		event.recipient = event.final_recipient = str_c(line->recipient);
		event.diagnostic = str_c(line->diagnostic);
		event.outcome = line->outcome;
		event.reason = line->reason;
		event.class = line->class;
		report.kind = line->outcome == OUTCOME_COMPLAINT ? KIND_COMPLAINT : KIND_BOUNCE;
		report.events = &event;
		report.n_events = 1;
		memcpy(message.digest, sequence, sizeof *sequence);
		ck_assert_int_eq(store_batch_add(batch, &message), ERR_OK);
	}
}

static void tell(struct store *store, const struct line *lines, size_t n)
{
	struct store_batch *batch = store_batch_new(store, STR("s1"));
	struct store_batch_result result;
	uint64_t sequence = 0;

	for (size_t i = 0; i < n; i++)
		add_line(batch, &lines[i], &sequence);
	ck_assert_int_eq(store_batch_commit(batch, 0, sequence, &result), ERR_OK);
	ck_assert_uint_eq(result.events, sequence);
	store_batch_free(batch);
}

static const struct line story[] = {
	/* Three days: an edge, a whole day, an edge. */
	{ NOON - DAY, "news", "a.example", "x@a.example", "550 5.1.1 <x@a.example> unknown",
		OUTCOME_FAILED, REASON_RECIPIENT_UNKNOWN, CLASS_HARD, 5 },
	{ NOON, "news", "a.example", "y@a.example", "452 4.2.2 full", OUTCOME_FAILED,
		REASON_MAILBOX_FULL, CLASS_SOFT, 3 },
	{ NOON + DAY, "shop", "a.example", "z@a.example", "554 spam", OUTCOME_FAILED,
		REASON_CONTENT_SPAM, CLASS_BLOCK, 2 },
	{ NOON, "news", "b.example", "x@b.example", "", OUTCOME_FAILED, REASON_RECIPIENT_UNKNOWN,
		CLASS_HARD, 7 },
	{ NOON, "news", "b.example", "x@b.example", "later", OUTCOME_DELAYED, REASON_TIME_EXPIRED,
		CLASS_SOFT, 4 },
	{ NOON, "news", "c.example", "x@c.example", "", OUTCOME_COMPLAINT, REASON_NONE, CLASS_NONE,
		1 },
};

static const struct store_volume volumes[] = {
	{ NOON, STR_INIT("news"), STR_INIT("c1"), STR_INIT("a.example"), STR_INIT("mta1"), 60 },
	{ NOON, STR_INIT("news"), STR_INIT("c1"), STR_INIT("a.example"), STR_INIT("mta2"), 40 },
	{ NOON + DAY, STR_INIT("shop"), STR_INIT(""), STR_INIT("a.example"), STR_INIT(""), 10 },
	{ NOON, STR_INIT("news"), STR_INIT(""), STR_INIT("quiet.example"), STR_INIT(""), 500 },
};

static struct store *told(void)
{
	struct store *store = open_migrated();

	tell(store, story, ARRAY_LEN(story));
	ck_assert_int_eq(store_volume_put(store, volumes, ARRAY_LEN(volumes)), ERR_OK);
	return store;
}

static const struct store_window all_days = {
	.from_us = NOON - DAY, .to_us = NOON + DAY + HOUR, .stream = { "", 0 }
};

static struct store_counts counts_in(
	struct store *store, struct store_window window, const char *domain)
{
	struct store_counts counts;

	ck_assert_int_eq(store_domain_counts(store, &window, str_c(domain), &counts), ERR_OK);
	return counts;
}

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
	names->last = (struct store_domain_place){ row->place.value, str_c(names->last_domain) };
	names->n++;
	return true;
}

static const struct {
	enum store_sort sort;
	uint64_t min_attempted;
	const char *names;
} sort_cases[] = {
	{ STORE_SORT_FAILED, 0, "a.example b.example c.example quiet.example " },
	{ STORE_SORT_FAILURE_RATE, 0, "a.example quiet.example b.example c.example " },
	{ STORE_SORT_ATTEMPTED, 0, "quiet.example a.example b.example c.example " },
	{ STORE_SORT_HARD, 0, "b.example a.example c.example quiet.example " },
	{ STORE_SORT_SOFT, 0, "a.example b.example c.example quiet.example " },
	{ STORE_SORT_BLOCK, 0, "a.example b.example c.example quiet.example " },
	{ STORE_SORT_DELAYED, 0, "b.example a.example c.example quiet.example " },
	{ STORE_SORT_COMPLAINTS, 0, "c.example a.example b.example quiet.example " },
	{ STORE_SORT_DOMAIN, 0, "a.example b.example c.example quiet.example " },
	{ STORE_SORT_FAILED, 110, "a.example quiet.example " },
	{ STORE_SORT_FAILED, 111, "quiet.example " },
};

/* Each order, in one page and in pages of one. */
START_TEST(rankings)
{
	struct store *store = told();
	struct store_domains_query query = { .window = all_days,
		.sort = sort_cases[_i].sort,
		.min_attempted = sort_cases[_i].min_attempted,
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
		{ NOON, STR("news"), STR("c1"), STR("a.example"), STR("mta1"), 10 },
		{ NOON, STR("news"), STR("c1"), STR("a.example"), STR("mta2"), 5 },
		{ NOON, STR("news"), STR("c1"), STR("a.example"), STR("mta1"), 20 },
	};

	ck_assert_int_eq(store_volume_put(store, rows, 3), ERR_OK);
	ck_assert_uint_eq(counts_in(store, all_days, "a.example").attempted, 25);
	ck_assert_int_eq(store_volume_put(store, rows, 3), ERR_OK);
	ck_assert_uint_eq(counts_in(store, all_days, "a.example").attempted, 25);
	ck_assert_int_eq(store_volume_put(store, rows, 1), ERR_OK);
	ck_assert_uint_eq(counts_in(store, all_days, "a.example").attempted, 15);
	ck_assert_int_eq(store_volume_put(store, rows, 0), ERR_OK);
	rows[0].hour_us = NOON + 1;
	ck_assert_int_eq(store_volume_put(store, rows, 3), ERR_RANGE);
	rows[0].hour_us = NOON;
	rows[0].attempted = (uint64_t)INT64_MAX + 1;
	ck_assert_int_eq(store_volume_put(store, rows, 3), ERR_RANGE);
	rows[0].attempted = INT64_MAX;
	ck_assert_int_eq(store_volume_put(store, rows, 1), ERR_OK);
	store_close(store);
}
END_TEST

START_TEST(volumes_end_at_their_limit)
{
	struct store *store = open_migrated();
	struct store_volume *rows = calloc(LIMIT_VOLUME_ROWS + 1, sizeof *rows);

	for (size_t i = 0; i <= LIMIT_VOLUME_ROWS; i++)
		rows[i] = (struct store_volume){ NOON - (int64_t)i * HOUR, STR("s"), STR("c"),
			STR("a.example"), STR("m"), 1 };
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
	ck_assert_int_eq(store_domain_series(store, &all_days, STR("a.example"), STORE_STEP_HOUR,
				 note_step, text),
		ERR_OK);
	ck_assert_str_eq(text, "2026-11-17T12 5/0 (0); 2026-11-18T12 3/100 (3); "
			       "2026-11-19T12 2/10 (2); ");
	text[0] = '\0';
	ck_assert_int_eq(store_domain_series(store, &all_days, STR("a.example"), STORE_STEP_DAY,
				 note_step, text),
		ERR_OK);
	ck_assert_str_eq(text, "2026-11-17T00 5/0 (0); 2026-11-18T00 3/100 (3); "
			       "2026-11-19T00 2/10 (2); ");
	store_close(store);
}
END_TEST

struct list {
	struct uuid last;
	size_t n;
	int64_t oldest_us;
};

static bool note_event(void *context, const struct store_event *event)
{
	struct list *list = context;

	ck_assert(!list->n || memcmp(&event->id, &list->last, sizeof event->id) < 0);
	list->last = event->id;
	list->oldest_us = event->received_at_us;
	list->n++;
	return true;
}

static struct store_events_query any_event(void)
{
	struct store_events_query query;

	store_events_query_init(&query);
	query.from_us = all_days.from_us;
	query.to_us = all_days.to_us;
	query.limit = LIMIT_PAGE_ROWS;
	return query;
}

static size_t count_events(struct store *store, const struct store_events_query *query)
{
	struct list list = { .n = 0 };

	ck_assert_int_eq(store_events(store, query, note_event, &list), ERR_OK);
	return list.n;
}

START_TEST(events_by_every_filter)
{
	struct store *store = told();
	struct store_events_query query = any_event();

	ck_assert_uint_eq(count_events(store, &query), 22);
	query.domain = STR("b.example");
	ck_assert_uint_eq(count_events(store, &query), 11);
	query.outcome = OUTCOME_DELAYED;
	ck_assert_uint_eq(count_events(store, &query), 4);
	query = any_event();
	query.recipient = STR("X@A.example");
	ck_assert_uint_eq(count_events(store, &query), 5);
	query = any_event();
	query.stream = STR("shop");
	ck_assert_uint_eq(count_events(store, &query), 2);
	query = any_event();
	query.reason = STR("mailbox.full");
	ck_assert_uint_eq(count_events(store, &query), 3);
	query = any_event();
	query.class = CLASS_HARD;
	ck_assert_uint_eq(count_events(store, &query), 12);
	query = any_event();
	query.kind = KIND_COMPLAINT;
	ck_assert_uint_eq(count_events(store, &query), 1);
	query = any_event();
	query.from_us = NOON;
	query.to_us = NOON + 1; /* one microsecond: the first of each line of that moment */
	ck_assert_uint_eq(count_events(store, &query), 4);
	store_close(store);
}
END_TEST

START_TEST(events_in_pages)
{
	struct store *store = told();
	struct store_events_query query = any_event();
	struct list list = { .n = 0 };
	size_t before = 1;

	query.limit = 5;
	while (before != list.n) {
		struct uuid after = list.last;

		before = list.n;
		query.after = list.n ? &after : NULL;
		ck_assert_int_eq(store_events(store, &query, note_event, &list), ERR_OK);
	}
	ck_assert_uint_eq(list.n, 22);
	ck_assert_int_eq(list.oldest_us / 1000, (NOON - DAY) / 1000);
	store_close(store);
}
END_TEST

START_TEST(one_event_as_it_was_told)
{
	struct store *store = told();
	struct arena *arena = arena_new();
	struct uuid id = store_id(NOON - DAY, STR("s1"), 0, 1), none = { { 0xff, 0xff, 0xff } };
	struct store_event_message message;
	struct store_event event;

	ck_assert_int_eq(store_event(store, arena, &id, &event, &message), ERR_OK);
	ck_assert(str_eq(event.event.recipient, STR("x@a.example")));
	ck_assert(str_eq(event.event.diagnostic, STR("550 5.1.1 <x@a.example> unknown")));
	ck_assert(str_eq(event.stream, STR("news")));
	ck_assert_int_eq(event.event.reason, REASON_RECIPIENT_UNKNOWN);
	ck_assert_int_eq(event.event.arrival_date_us, TIMESTAMP_NONE);
	ck_assert_int_eq(event.received_at_us, NOON - DAY);
	ck_assert_int_eq(event.kind, KIND_BOUNCE);
	ck_assert(!message.has_raw);
	ck_assert_int_eq(store_event(store, arena, &none, &event, &message), ERR_NOT_FOUND);
	id.bytes[15] ^= 1;
	ck_assert_int_eq(store_event(store, arena, &id, &event, &message), ERR_NOT_FOUND);
	arena_free(arena);
	store_close(store);
}
END_TEST

START_TEST(an_empty_database_is_unsupported)
{
	struct store *store = NULL;
	uint64_t position;

	ck_assert_int_eq(fixture_open(fixture_database(), &store), ERR_OK);
	ck_assert_int_eq(store_position(store, STR("s1"), &position), ERR_UNSUPPORTED);
	ck_assert(store_connected(store));
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_report");
	TCase *tests = tcase_create("report");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, counts_of_a_domain);
	tcase_add_test(tests, a_stream_is_counted_alone);
	tcase_add_test(tests, every_window_adds_up);
	tcase_add_loop_test(tests, rankings, 0, ARRAY_LEN(sort_cases));
	tcase_add_test(tests, volumes_replace_and_add);
	tcase_add_test(tests, volumes_end_at_their_limit);
	tcase_add_test(tests, details_of_a_domain);
	tcase_add_test(tests, events_by_every_filter);
	tcase_add_test(tests, events_in_pages);
	tcase_add_test(tests, one_event_as_it_was_told);
	tcase_add_test(tests, an_empty_database_is_unsupported);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	fixture_start();
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	fixture_stop();
	return failed ? 1 : 0;
}
