// links: store store/pg store/rank
// Check program of names: what several threads learn at once, of snapshots of one database, and of another one.
#define _GNU_SOURCE
#include "store/pg/pg_transaction.h"
#include "store/rank/names.h"
#include "tests/support/cluster_fixture.h"
#include "tests/support/suite.h"

#include <check.h>

#define NOW ((int64_t)1795000000 * TIMESTAMP_SECOND_US)

static const char *conninfo;
static struct pg *pg, *other;
static struct names *names;

static void setup(void)
{
	const struct store_options options = { .application_name = "test" };
	struct store_migration migration;
	struct store *store;

	conninfo = fixture_database();
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	store_close(store);
	ck_assert_int_eq(pg_open(conninfo, &options, NULL, &pg), ERR_OK);
	ck_assert_int_eq(pg_open_beside(pg, &other), ERR_OK);
	names = names_new();
	fixture_sql(
		conninfo, "INSERT INTO domain_number VALUES ('b.example', 1), ('a.example', 2)");
}

static void teardown(void)
{
	names_free(names);
	pg_close(pg);
	pg_close(other);
}

static uint64_t learn(struct pg *from, uint64_t newest)
{
	uint64_t n = 0;

	ck_assert_int_eq(names_learn(names, from, newest, &n), ERR_OK);
	return n;
}

static void ck_name(uint64_t number, const char *name)
{
	ck_assert(str_eq(names_lock(names)[number], str_c(name)));
	names_unlock(names);
}

/* Two questions at once: one began before a day with new domains was packed. */
START_TEST(an_older_snapshot_takes_no_names_away)
{
	ck_assert_int_eq(pg_do(other, QUERY_BEGIN_SNAPSHOT, NULL), ERR_OK);
	ck_assert_uint_eq(learn(other, 2), 3);
	fixture_sql(conninfo, "INSERT INTO domain_number VALUES ('c.example', 3)");
	ck_assert_uint_eq(learn(pg, 3), 4);
	ck_assert_uint_eq(learn(other, 2), 4);
	ck_name(3, "c.example");
	ck_name(2, "a.example");
	ck_assert_int_eq(pg_do(other, QUERY_COMMIT, NULL), ERR_OK);
}
END_TEST

/* A copy that was restored gave its next numbers to other domains; by now it may have as many. */
START_TEST(another_table_has_other_names)
{
	ck_assert_uint_eq(learn(pg, 2), 3);
	fixture_sql(conninfo, "TRUNCATE domain_number; INSERT INTO domain_number VALUES "
			      "('b.example', 1), ('z.example', 2)");
	ck_assert_uint_eq(learn(pg, 2), 3);
	ck_name(1, "b.example");
	ck_name(2, "z.example");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rank_names");
	TCase *tcase = tcase_create("names");
	int code;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, an_older_snapshot_takes_no_names_away);
	tcase_add_test(tcase, another_table_has_other_names);
	suite_add_tcase(suite, tcase);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
