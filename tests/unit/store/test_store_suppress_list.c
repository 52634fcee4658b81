// links: suppress_policy store
// Check program of the suppression list in the database: pages, numbers, checks, and who acts.
#define _GNU_SOURCE
#include "tests/support/store_suppress_fixture.h"
#include "tests/support/suite.h"

struct seen {
	size_t n, stop_after;
	uint64_t last_seq;
	char addresses[4096], stream[64];
};

static bool see(void *context, const struct store_suppression *row)
{
	struct seen *seen = context;
	size_t n = strlen(seen->addresses);

	seen->n++;
	seen->last_seq = row->seq;
	snprintf(seen->addresses + n, sizeof seen->addresses - n, "%.*s:%.*s ",
		STR_ARG(row->address), STR_ARG(suppression_state_name(row->state)));
	snprintf(seen->stream, sizeof seen->stream, "%.*s", STR_ARG(row->stream));
	return seen->n != seen->stop_after;
}

START_TEST(lists_go_page_by_page)
{
	struct store_suppressions_query query = { .state = -1, .limit = 2 };
	struct store_suppression_place place = { STR("b@example.com"), STR("news") };
	const struct str news = STR("news");
	struct store_suppression row = manual("b@example.com", NOW);
	struct seen seen = { 0 }, next = { 0 }, one = { 0 }, active = { 0 },
		    stop = { .stop_after = 1 };

	load("a@example.com", DECISION_SUPPRESS, NOW);
	load("b@example.com", DECISION_HOLD, NOW);
	row.stream = news;
	put(row);
	put(manual("c@example.org", NOW));
	ck_assert_int_eq(store_suppressions(store, &query, see, &seen), ERR_OK);
	ck_assert_str_eq(seen.addresses, "a@example.com:active b@example.com:held ");
	query.after = &place;
	ck_assert_int_eq(store_suppressions(store, &query, see, &next), ERR_OK);
	ck_assert_str_eq(next.addresses, "c@example.org:active ");
	query = (struct store_suppressions_query){ .state = -1, .limit = 9, .stream = &news };
	ck_assert_int_eq(store_suppressions(store, &query, see, &one), ERR_OK);
	ck_assert_str_eq(one.addresses,
		"a@example.com:active b@example.com:held b@example.com:active "
		"c@example.org:active ");
	query = (struct store_suppressions_query){
		.state = SUPPRESSION_ACTIVE, .limit = LIMIT_PAGE_ROWS, .domain = STR("example.com")
	};
	ck_assert_int_eq(store_suppressions(store, &query, see, &active), ERR_OK);
	ck_assert_str_eq(active.addresses, "a@example.com:active b@example.com:active ");
	ck_assert_int_eq(store_suppressions(store, &query, see, &stop), ERR_OK);
	ck_assert_uint_eq(stop.n, 1);
}
END_TEST

static uint64_t number(void)
{
	uint64_t seq = UINT64_MAX;

	ck_assert_int_eq(store_suppressions_number(store, &seq), ERR_OK);
	return seq;
}

START_TEST(changes_have_numbers_without_gaps)
{
	struct seen all = { 0 }, later = { 0 }, page = { 0 };

	ck_assert_uint_eq(number(), 0);
	put(manual("b@example.com", NOW));
	put(manual("a@example.com", NOW + 1));
	put(manual("c@example.com", NOW + 2));
	ck_assert_uint_eq(number(), 3);
	ck_assert_uint_eq(number(), 3);
	ck_assert_int_eq(store_suppression_changes(store, 0, 3, 2, see, &page), ERR_OK);
	ck_assert_str_eq(page.addresses, "b@example.com:active a@example.com:active ");
	ck_assert_uint_eq(page.last_seq, 2);
	ck_assert_int_eq(store_suppression_remove(
				 store, STR("b@example.com"), STR_EMPTY, STR("test"), NOW + 3),
		ERR_OK);
	ck_assert_uint_eq(number(), 4);
	ck_assert_int_eq(store_suppression_changes(store, 3, 4, 9, see, &later), ERR_OK);
	ck_assert_str_eq(later.addresses, "b@example.com:removed ");
	ck_assert_int_eq(store_suppression_changes(store, 0, UINT64_MAX, 9, see, &all), ERR_OK);
	ck_assert_str_eq(
		all.addresses, "a@example.com:active c@example.com:active b@example.com:removed ");
}
END_TEST

static enum err ask(
	const struct str *addresses, size_t n, const struct str *stream, struct seen *seen)
{
	return store_suppression_check(store, addresses, n, stream, STORE_DIGEST_IGNORE, see, seen);
}

START_TEST(a_check_finds_all_that_reaches_an_address)
{
	const struct str addresses[] = { STR_INIT("a@example.com"), STR_INIT("b@example.com"),
		STR_INIT("c@example.com"), STR_INIT("d@example.com"), STR_INIT("e@example.com") };
	struct store_suppression row = manual("d@example.com", NOW);
	struct str *many = arena_calloc(arena, LIMIT_SUPPRESSION_ROWS + 1, sizeof *many);
	struct seen global = { 0 }, stream = { 0 }, any = { 0 }, later = { 0 }, full = { 0 };
	const struct str every = STR_EMPTY, news = STR("news");

	load("a@example.com", DECISION_SUPPRESS, NOW);
	load("b@example.com", DECISION_HOLD, NOW);
	put(manual("c@example.com", NOW));
	ck_assert_int_eq(store_suppression_remove(
				 store, STR("c@example.com"), STR_EMPTY, STR("test"), NOW + 1),
		ERR_OK);
	row.stream = STR("news");
	put(row);
	row = manual("e@example.com", NOW);
	row.expires_at_us = NOW + DAY;
	put(row);
	row = manual("@example.com", NOW);
	row.state = SUPPRESSION_ALLOWED;
	put(row);
	put(manual("@example.org", NOW));
	ck_assert_int_eq(ask(addresses, 5, &every, &global), ERR_OK);
	ck_assert_str_eq(global.addresses, "@example.com:allowed a@example.com:active "
					   "b@example.com:held c@example.com:removed "
					   "e@example.com:active ");
	ck_assert_int_eq(ask(addresses, 5, &news, &stream), ERR_OK);
	ck_assert_uint_eq(stream.n, 6);
	ck_assert_int_eq(ask(addresses, 5, NULL, &any), ERR_OK);
	ck_assert_uint_eq(any.n, 6);
	ck_assert_int_eq(ask(NULL, 0, NULL, &later), ERR_OK);
	ck_assert_uint_eq(later.n, 0);
	for (size_t i = 0; i <= LIMIT_SUPPRESSION_ROWS; i++)
		many[i] = STR("a@example.com");
	ck_assert_int_eq(ask(many, LIMIT_SUPPRESSION_ROWS, NULL, &full), ERR_OK);
	ck_assert_uint_eq(full.n, 2);
	ck_assert_int_eq(ask(many, LIMIT_SUPPRESSION_ROWS + 1, NULL, &full), ERR_LIMIT);
}
END_TEST

START_TEST(an_end_comes_and_lists_elsewhere_hear_of_it)
{
	struct store_suppression row = manual("a@example.com", NOW);
	struct seen changes = { 0 }, touched = { 0 };
	size_t expired = 0;
	uint64_t seq;

	row.expires_at_us = NOW + DAY;
	put(row);
	put(manual("b@example.com", NOW));
	seq = number();
	ck_assert_int_eq(store_suppressions_expire(store, NOW + DAY - 1, &expired), ERR_OK);
	ck_assert_uint_eq(expired, 0);
	ck_assert_int_eq(store_suppressions_expire(store, NOW + DAY, &expired), ERR_OK);
	ck_assert_uint_eq(expired, 1);
	ck_assert_int_eq(store_suppression_changes(store, seq, number(), 9, see, &changes), ERR_OK);
	ck_assert_str_eq(changes.addresses, "a@example.com:expired ");
	/* What is allowed, and ceases to be, changes what others mean. */
	seq = number();
	row = manual("@example.com", NOW + DAY);
	row.state = SUPPRESSION_ALLOWED;
	row.expires_at_us = NOW + 2 * DAY;
	put(row);
	ck_assert_int_eq(store_suppression_changes(store, seq, number(), 9, see, &touched), ERR_OK);
	ck_assert_str_eq(touched.addresses, "@example.com:allowed b@example.com:active ");
	seq = number();
	touched = (struct seen){ 0 };
	ck_assert_int_eq(store_suppressions_expire(store, NOW + 2 * DAY, &expired), ERR_OK);
	ck_assert_int_eq(store_suppression_changes(store, seq, number(), 9, see, &touched), ERR_OK);
	ck_assert_uint_eq(touched.n, 2);
}
END_TEST

START_TEST(strikes_that_led_to_nothing_are_forgotten)
{
	size_t purged;

	load("a@example.com", DECISION_STRIKE, NOW);
	load("b@example.com", DECISION_SUPPRESS, NOW);
	ck_assert_int_eq(store_suppression_purge(store, NOW, &purged), ERR_OK);
	ck_assert_uint_eq(purged, 0);
	ck_assert_int_eq(store_suppression_purge(store, NOW + 1, &purged), ERR_OK);
	ck_assert_uint_eq(purged, 1);
	ck_assert_str_eq(state_of("a@example.com"), "");
}
END_TEST

START_TEST(one_scheduler_acts)
{
	const char *conninfo = fixture_database();
	struct store *first = NULL, *second = NULL;
	bool acting;

	ck_assert_int_eq(fixture_open(conninfo, &first), ERR_OK);
	ck_assert_int_eq(fixture_open(conninfo, &second), ERR_OK);
	ck_assert_int_eq(store_act(first, STORE_ACTOR_SCHEDULER, &acting), ERR_OK);
	ck_assert(acting);
	ck_assert_int_eq(store_act(first, STORE_ACTOR_SCHEDULER, &acting), ERR_OK);
	ck_assert(acting);
	ck_assert_int_eq(store_act(second, STORE_ACTOR_SCHEDULER, &acting), ERR_OK);
	ck_assert(!acting);
	store_close(first);
	acting = false;
	for (int i = 0; i < 100 && !acting; i++) {
		ck_assert_int_eq(store_act(second, STORE_ACTOR_SCHEDULER, &acting), ERR_OK);
		fixture_sleep_ms(acting ? 0 : 50);
	}
	ck_assert(acting);
	store_close(second);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_suppress_list");
	TCase *tcase = tcase_create("suppress");
	int code;

	tcase_add_checked_fixture(tcase, open_migrated, close_all);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, lists_go_page_by_page);
	tcase_add_test(tcase, changes_have_numbers_without_gaps);
	tcase_add_test(tcase, an_end_comes_and_lists_elsewhere_hear_of_it);
	tcase_add_test(tcase, a_check_finds_all_that_reaches_an_address);
	tcase_add_test(tcase, strikes_that_led_to_nothing_are_forgotten);
	tcase_add_test(tcase, one_scheduler_acts);
	suite_add_tcase(suite, tcase);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
