// links: store store/pg
// Check program of the rows that come one by one: their fields, their end, and who does not want them all.
#define _GNU_SOURCE
#include "store/pg/pg_copy_out.h"
#include "tests/support/cluster_fixture.h"
#include "tests/support/suite.h"

#include <check.h>

#define NOW ((int64_t)1795000000 * TIMESTAMP_SECOND_US)

/* Columns of SUPPRESSION_COLUMNS. */
enum { ADDRESS, STREAM, DIAGNOSTIC = 12, EVIDENCE, SEQ };

static const char *conninfo;
static struct pg *pg;

static void fill(const char *n)
{
	char sql[1024];

	snprintf(sql, sizeof sql,
		"INSERT INTO suppression (address, stream, domain, state, reason, class, source, "
		"first_seen, last_seen, changed_at, count, status, diagnostic, evidence, "
		"changed_by, "
		"dirty, changed_seq) SELECT 'a' || lpad(i::text, 7, '0') || '@example.com', '', "
		"'example.com', 'active', 'recipient.unknown', 'hard', 'bounce', now(), now(), "
		"now(), 1, "
		"'5.1.1', repeat('x', 200), CASE WHEN i %% 2 = 0 THEN "
		"'018f0000-0000-7000-8000-000000000000'::uuid END, '', false, i FROM "
		"generate_series(1, %s) i",
		n);
	fixture_sql(conninfo, sql);
}

static void open_migrated(void)
{
	const struct store_options options = { .application_name = "test" };
	struct store_migration migration;
	struct store *store;

	conninfo = fixture_database();
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	store_close(store);
	ck_assert_int_eq(pg_open(conninfo, &options, NULL, &pg), ERR_OK);
}

static void close_all(void)
{
	pg_close(pg);
}

static struct pg_copy_out *begin(void)
{
	struct pg_copy_out *copy = NULL;

	ck_assert_int_eq(pg_copy_out_begin(pg, QUERY_ALL_ACTIVE, &copy), ERR_OK);
	ck_assert_ptr_nonnull(copy);
	return copy;
}

static const struct pg_rows *next(struct pg_copy_out *copy)
{
	const struct pg_rows *row = NULL;

	ck_assert_int_eq(pg_copy_out_next(copy, &row), ERR_OK);
	return row;
}

START_TEST(every_row_comes_whole)
{
	struct pg_copy_out *copy;

	fill("3000");
	copy = begin();
	for (int64_t i = 1; i <= 3000; i++) {
		const struct pg_rows *row = next(copy);
		char address[64];

		ck_assert_ptr_nonnull(row);
		ck_assert_uint_eq(pg_rows_count(row), 1);
		snprintf(address, sizeof address, "a%07d@example.com", (int)i);
		ck_assert(str_eq(pg_get_text(row, 0, ADDRESS), str_c(address)));
		ck_assert_uint_eq(pg_get_text(row, 0, STREAM).n, 0);
		ck_assert(!pg_is_null(row, 0, STREAM));
		ck_assert_uint_eq(pg_get_text(row, 0, DIAGNOSTIC).n, 200);
		ck_assert_int_eq(pg_is_null(row, 0, EVIDENCE), i % 2 != 0);
		ck_assert_int_eq(pg_get_uuid(row, 0, EVIDENCE).bytes[6], i % 2 ? 0 : 0x70);
		ck_assert_int_eq(pg_get_i64(row, 0, SEQ), i);
	}
	ck_assert_ptr_null(next(copy));
	ck_assert_ptr_null(next(copy));
	pg_copy_out_end(copy);
	ck_assert_int_eq(pg_run(pg, QUERY_SUPPRESSION_COUNTS, NULL, 0, NULL), ERR_OK);
}
END_TEST

START_TEST(none_is_an_end)
{
	struct pg_copy_out *copy = begin();

	ck_assert_ptr_null(next(copy));
	pg_copy_out_end(copy);
	pg_copy_out_end(NULL);
}
END_TEST

/* More than lies between the two: the server is in the midst of it. */
START_TEST(who_does_not_want_them_all_has_the_connection_back)
{
	struct pg_copy_out *copy;

	fill("200000");
	copy = begin();
	ck_assert_ptr_nonnull(next(copy));
	pg_copy_out_end(copy);
	ck_assert_int_eq(pg_run(pg, QUERY_SUPPRESSION_COUNTS, NULL, 0, NULL), ERR_OK);
	copy = begin();
	for (int i = 0; i < 200000; i++)
		ck_assert_ptr_nonnull(next(copy));
	ck_assert_ptr_null(next(copy));
	pg_copy_out_end(copy);
}
END_TEST

START_TEST(a_server_that_goes_is_no_end)
{
	struct pg_copy_out *copy;
	const struct pg_rows *row;
	enum err err;

	fill("200000");
	copy = begin();
	ck_assert_ptr_nonnull(next(copy));
	fixture_sql(conninfo,
		"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = "
		"'test'");
	do
		err = pg_copy_out_next(copy, &row);
	while (!err && row);
	ck_assert_int_eq(err, ERR_UNAVAILABLE);
	ck_assert_uint_ne(pg_error(pg).n, 0);
	pg_copy_out_end(copy);
}
END_TEST

START_TEST(what_is_no_copy_is_refused)
{
	struct pg_copy_out *copy = NULL;

	fixture_sql(conninfo, "ALTER TABLE suppression RENAME TO gone");
	ck_assert_int_eq(pg_copy_out_begin(pg, QUERY_ALL_ACTIVE, &copy), ERR_UNSUPPORTED);
	ck_assert_ptr_null(copy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pg_copy_out");
	TCase *tcase = tcase_create("copy");
	int code;

	tcase_add_checked_fixture(tcase, open_migrated, close_all);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, every_row_comes_whole);
	tcase_add_test(tcase, none_is_an_end);
	tcase_add_test(tcase, who_does_not_want_them_all_has_the_connection_back);
	tcase_add_test(tcase, a_server_that_goes_is_no_end);
	tcase_add_test(tcase, what_is_no_copy_is_refused);
	suite_add_tcase(suite, tcase);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
