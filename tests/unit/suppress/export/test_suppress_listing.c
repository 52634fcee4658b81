// links: suppress/export suppress/list store
// Check program of listings over a real database: every row once, across the edge of a page.
#define _GNU_SOURCE
#include "core/limits.h"
#include "store/store_hook.h"
#include "suppress/export/listing.h"
#include "tests/support/cluster_fixture.h"
#include "tests/support/suite.h"

#include <check.h>

#define NOW ((int64_t)1795000000 * TIMESTAMP_SECOND_US)
#define ALL (2 * LIMIT_PAGE_ROWS + 1)

static struct store *store;
static struct arena *arena;

static void open_filled(void)
{
	struct store_suppression *rows;
	size_t kept;

	arena = arena_new();
	rows = arena_calloc(arena, ALL, sizeof *rows);
	store = fixture_migrated(NOW);
	for (size_t i = 0; i < ALL; i++)
		rows[i] = (struct store_suppression){ .address = arena_printf(
							      arena, "a%05zu@example.com", i),
			.domain = STR("example.com"),
			.source = STR("manual"),
			.first_seen_us = NOW,
			.last_seen_us = NOW,
			.expires_at_us = TIMESTAMP_NONE };
	ck_assert_int_eq(store_suppressions_put(store, rows, ALL, &kept), ERR_OK);
}

static void close_all(void)
{
	store_close(store);
	arena_free(arena);
}

struct seen {
	size_t n, stop_after, out_of_order, removed, allowed;
	char last[64];
	uint64_t last_seq;
};

static bool see(void *context, const struct store_suppression *row)
{
	struct seen *seen = context;
	char address[64];

	snprintf(address, sizeof address, "%.*s", STR_ARG(row->address));
	seen->n++;
	seen->out_of_order += strcmp(address, seen->last) <= 0;
	seen->allowed += row->state == SUPPRESSION_ALLOWED;
	seen->removed += row->state == SUPPRESSION_REMOVED;
	snprintf(seen->last, sizeof seen->last, "%s", address);
	seen->last_seq = row->seq;
	return seen->n != seen->stop_after;
}

static struct seen walk(enum listing listing, uint64_t from_seq, uint64_t to_seq, size_t stop_after)
{
	struct seen seen = { .stop_after = stop_after };

	ck_assert_int_eq(listing_walk(store, listing, from_seq, to_seq, see, &seen), ERR_OK);
	return seen;
}

START_TEST(every_row_comes_once)
{
	const struct str middle = STR("a01000@example.com");
	struct seen seen;
	uint64_t seq;

	/* Without a number it is not in a list that says up to which it goes. */
	ck_assert_uint_eq(walk(LISTING_FULL, 0, 0, 0).n, 0);
	ck_assert_int_eq(store_suppressions_number(store, &seq), ERR_OK);
	ck_assert_uint_eq(seq, ALL);
	seen = walk(LISTING_FULL, 0, seq, 0);
	ck_assert_uint_eq(seen.n, ALL);
	ck_assert_uint_eq(seen.out_of_order, 0);
	ck_assert_uint_eq(walk(LISTING_FULL, 0, seq, LIMIT_PAGE_ROWS).n, LIMIT_PAGE_ROWS);
	ck_assert_uint_eq(walk(LISTING_CHANGES, 0, seq, 0).n, ALL);
	ck_assert_uint_eq(walk(LISTING_CHANGES, 5, seq - 1, 0).n, ALL - 6);
	ck_assert_uint_eq(walk(LISTING_CHANGES, seq, seq, 0).n, 0);
	ck_assert_uint_eq(
		walk(LISTING_CHANGES, 0, seq, LIMIT_PAGE_ROWS + 1).n, LIMIT_PAGE_ROWS + 1);
	/* A removal is in the changes alone. */
	ck_assert_int_eq(
		store_suppression_remove(store, middle, STR_EMPTY, STR("test"), NOW + 1), ERR_OK);
	ck_assert_int_eq(store_suppressions_number(store, &seq), ERR_OK);
	ck_assert_uint_eq(walk(LISTING_FULL, 0, seq, 0).n, ALL - 1);
	seen = walk(LISTING_CHANGES, ALL, seq, 0);
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_uint_eq(seen.removed, 1);
	ck_assert_uint_eq(seen.last_seq, ALL + 1);
}
END_TEST

/* What another entry allows is in no list, and its removal is a change. */
START_TEST(what_is_allowed_is_left_out)
{
	struct store_suppression row = { .address = STR("a01000@example.com"),
		.source = STR("manual"),
		.state = SUPPRESSION_ALLOWED,
		.first_seen_us = NOW,
		.last_seen_us = NOW,
		.expires_at_us = TIMESTAMP_NONE };
	struct seen seen;
	uint64_t seq, later;
	size_t kept;

	ck_assert_int_eq(store_suppressions_number(store, &seq), ERR_OK);
	ck_assert_int_eq(store_suppressions_put(store, &row, 1, &kept), ERR_OK);
	ck_assert_int_eq(store_suppressions_number(store, &later), ERR_OK);
	ck_assert_uint_eq(walk(LISTING_FULL, 0, later, 0).n, ALL - 1);
	row.address = STR("@example.com");
	ck_assert_int_eq(store_suppressions_put(store, &row, 1, &kept), ERR_OK);
	ck_assert_int_eq(store_suppressions_number(store, &later), ERR_OK);
	ck_assert_uint_eq(walk(LISTING_FULL, 0, later, 0).n, 0);
	seen = walk(LISTING_CHANGES, seq, later, 0);
	ck_assert_uint_eq(seen.allowed, seen.n);
	ck_assert_uint_eq(seen.n, ALL + 1);
}
END_TEST

/* As a round of webhooks does: what it writes behind the listing goes with it where it fails. */
START_TEST(a_listing_leaves_the_transaction_around_it)
{
	const struct str name = STR("crm");
	uint64_t seq, told = 0;

	ck_assert_int_eq(store_hook_target(store, name, &told), ERR_OK);
	ck_assert_int_eq(store_suppressions_number(store, &seq), ERR_OK);
	ck_assert_int_eq(store_hook_begin(store), ERR_OK);
	ck_assert_uint_eq(walk(LISTING_CHANGES, 0, seq, 0).n, ALL);
	ck_assert_int_eq(store_hook_moved(store, name, seq), ERR_OK);
	ck_assert_int_eq(store_hook_end(store, ERR_IO), ERR_IO);
	ck_assert_int_eq(store_hook_target(store, name, &told), ERR_OK);
	ck_assert_uint_eq(told, 0);
}
END_TEST

START_TEST(a_lost_connection_is_told)
{
	struct seen seen = { 0 };

	fixture_sql(fixture.conninfo,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
		"application_name = 'test'");
	ck_assert_int_eq(listing_walk(store, LISTING_FULL, 0, 9, see, &seen), ERR_UNAVAILABLE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("suppress_listing");
	TCase *tcase = tcase_create("listing");
	int code;

	tcase_add_checked_fixture(tcase, open_filled, close_all);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, every_row_comes_once);
	tcase_add_test(tcase, what_is_allowed_is_left_out);
	tcase_add_test(tcase, a_listing_leaves_the_transaction_around_it);
	tcase_add_test(tcase, a_lost_connection_is_told);
	suite_add_tcase(suite, tcase);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
