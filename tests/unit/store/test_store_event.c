// links: store
// Check program of lists of events: filters, pages, one event as it was told.
#define _GNU_SOURCE
#include "tests/support/store_report_fixture.h"
#include "tests/support/suite.h"

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
	ck_assert_int_eq(store_ready(store), ERR_NOT_FOUND);
	ck_assert(
		!store_error(store).n); /* asked often, and a refusal stands in the server's log */
	ck_assert_int_eq(store_position(store, STR("s1"), &position), ERR_UNSUPPORTED);
	ck_assert(store_connected(store));
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_event");
	TCase *tests = tcase_create("event");
	int code;

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, events_by_every_filter);
	tcase_add_test(tests, events_in_pages);
	tcase_add_test(tests, one_event_as_it_was_told);
	tcase_add_test(tests, an_empty_database_is_unsupported);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
