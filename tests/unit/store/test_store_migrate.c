// links: store
// Check program of store/migrate: what a database goes through before it is used.
#define _GNU_SOURCE
#include "tests/support/cluster_fixture.h"
#include "tests/support/suite.h"

#include <check.h>

#define NOW ((int64_t)1795000000 * TIMESTAMP_SECOND_US) /* 2026-11-18 */

static struct store *open_database(const char *conninfo)
{
	struct store *store = NULL;

	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	return store;
}

START_TEST(an_empty_database_is_filled_once)
{
	struct store *store = open_database(fixture_database());
	struct store_migration migration;

	ck_assert_int_eq(store_ready(store), ERR_NOT_FOUND);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	ck_assert_uint_ge(migration.applied, 1);
	ck_assert_int_eq(store_ready(store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	ck_assert_uint_eq(migration.applied, 0);
	ck_assert_uint_ge(migration.version, 1);
	store_close(store);
}
END_TEST

START_TEST(a_changed_file_is_refused)
{
	const char *conninfo = fixture_database();
	struct store *store = open_database(conninfo);
	struct store_migration migration;

	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	fixture_sql(
		conninfo, "UPDATE schema_migration SET checksum = sha256('x') WHERE version = 1");
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_CORRUPT);
	store_close(store);
}
END_TEST

START_TEST(a_newer_database_is_refused)
{
	const char *conninfo = fixture_database();
	struct store *store = open_database(conninfo);
	struct store_migration migration;

	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	fixture_sql(conninfo, "INSERT INTO schema_migration VALUES (9999, 'x', '')");
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_NEWER);
	ck_assert_int_eq(store_ready(store), ERR_NEWER);
	store_close(store);
}
END_TEST

START_TEST(many_at_once_do_it_once)
{
	const char *conninfo = fixture_database();
	pid_t children[4];
	int status;

	for (int i = 0; i < 4; i++) {
		children[i] = fork();
		if (children[i] == 0) {
			struct store *store = open_database(conninfo);
			struct store_migration migration;

			_exit(store_migrate(store, NOW, 30000, &migration) ? 1 : 0);
		}
	}
	for (int i = 0; i < 4; i++) {
		waitpid(children[i], &status, 0);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
}
END_TEST

START_TEST(partitions_are_made_once_for_six_weeks)
{
	const char *conninfo = fixture_database();
	struct store *store = open_database(conninfo);
	struct store_migration migration;
	size_t made;

	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	ck_assert_int_eq(store_make_partitions(store, NOW, &made), ERR_OK);
	ck_assert_uint_eq(made, 0);
	ck_assert_int_eq(store_make_partitions(store, NOW + 7 * TIMESTAMP_DAY_US, &made), ERR_OK);
	ck_assert_uint_eq(made, 3);
	store_close(store);
}
END_TEST

START_TEST(reasons_stand_in_their_table)
{
	const char *conninfo = fixture_database();
	struct store *store = open_database(conninfo);
	struct store_migration migration;
	char sql[128];

	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	snprintf(sql, sizeof sql, "SELECT 1 / (count(*) = %d)::int FROM reason", REASON_COUNT - 1);
	fixture_sql(conninfo, sql);
	store_close(store);
}
END_TEST

START_TEST(a_wrong_address_says_so)
{
	const struct store_options options = { .connect_timeout_s = 2 };
	struct buf problem = BUF_INIT(1024);
	struct store *store = NULL;

	ck_assert_int_eq(store_open("host=/nonexistent dbname=x", &options, &problem, &store),
		ERR_UNAVAILABLE);
	ck_assert_ptr_null(store);
	ck_assert_uint_gt(problem.n, 0);
	buf_release(&problem);
}
END_TEST

/* ---- a database of the schema before the rates ---- */

static void run_dump(const char *conninfo)
{
	char command[1600];

	snprintf(command, sizeof command,
		"gzip -dc %s/tests/data/schema6.sql.gz | psql -X -q "
		"-v ON_ERROR_STOP=1 -o /dev/null -d '%s'",
		TEST_SOURCE_DIR, conninfo);
	FILE *pipe = popen(command, "r");

	ck_assert_ptr_nonnull(pipe);
	ck_assert_int_eq(pclose(pipe), 0);
}

struct sums {
	uint64_t attempted, failed, delayed, complaints;
};

static bool add_up(void *context, const struct store_domain_row *row)
{
	struct sums *sums = context;

	sums->attempted += row->counts.attempted;
	sums->failed += row->counts.failed;
	sums->delayed += row->counts.delayed;
	sums->complaints += row->counts.complaints;
	return true;
}

/* Each way to ask has what the old program counted: 60 mails with 77 events, and 4 volumes. */
START_TEST(a_database_of_the_schema_before_comes_along)
{
	const int64_t from = (int64_t)20786 * TIMESTAMP_DAY_US; /* 2026-11-29 */
	struct store_domains_query query = { .window = { .from_us = from,
						     .to_us = from + TIMESTAMP_DAY_US,
						     .stream = STR_EMPTY,
						     .proof = STR_EMPTY },
		.limit = 1000 };
	const char *conninfo = fixture_database();
	struct store_migration migration;
	struct sums sums = { 0 }, hours = { 0 };
	struct store *store;
	uint64_t differ;

	run_dump(conninfo);
	store = open_database(conninfo);
	ck_assert_int_eq(store_ready(store), ERR_NOT_FOUND);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	ck_assert_int_eq(store_ready(store), ERR_OK);
	ck_assert_int_eq(store_domains(store, &query, add_up, &sums), ERR_OK);
	ck_assert_uint_eq(sums.failed, 52);
	ck_assert_uint_eq(sums.delayed, 23);
	ck_assert_uint_eq(sums.complaints, 2);
	ck_assert_uint_eq(sums.attempted, 520);
	query.window.to_us += TIMESTAMP_HOUR_US;
	ck_assert_int_eq(store_domains(store, &query, add_up, &hours), ERR_OK);
	ck_assert_int_eq(memcmp(&sums, &hours, sizeof sums), 0);
	/* By send time the old program made moments up; events keep them. */
	ck_assert_int_eq(store_rollup_check(store, from - 60 * TIMESTAMP_DAY_US,
				 from + 2 * TIMESTAMP_DAY_US, &differ),
		ERR_OK);
	ck_assert_uint_eq(differ, 0);
	store_close(store);
}
END_TEST

/* ---- the same schema, whatever way it came ---- */

/* Without the weeks, which are those of the rows and of the day. */
static char *schema_of(const char *conninfo)
{
	char command[1600];
	size_t room = 1 << 20, n;
	char *text = calloc(1, room);

	snprintf(command, sizeof command,
		"pg_dump -s -T '*_2*' -d '%s' | grep -v -e '^--' -e '^.restrict' -e "
		"'^.unrestrict' -e 'ATTACH PARTITION'",
		conninfo);
	FILE *pipe = popen(command, "r");

	ck_assert_ptr_nonnull(pipe);
	n = fread(text, 1, room - 1, pipe);
	ck_assert(n > 10000 && n < room - 1);
	ck_assert_int_eq(pclose(pipe), 0);
	return text;
}

START_TEST(a_schema_that_came_along_is_that_of_a_new_database)
{
	char fresh[700], old[700];
	struct store_migration migration;
	struct store *store;
	char *is, *should;

	snprintf(fresh, sizeof fresh, "%s", fixture_database());
	store = open_database(fresh);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	store_close(store);
	should = schema_of(fresh);
	snprintf(old, sizeof old, "%s", fixture_database());
	run_dump(old);
	store = open_database(old);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	store_close(store);
	is = schema_of(old);
	ck_assert_str_eq(is, should);
	free(is);
	free(should);
}
END_TEST

/* ---- keys that come late ---- */

/* `check` runs whenever one of the keys is begun. */
static struct store *open_old_with(char *conninfo, size_t room, const char *check)
{
	char sql[900];

	snprintf(conninfo, room, "%s", fixture_database());
	run_dump(conninfo);
	snprintf(sql, sizeof sql,
		"CREATE FUNCTION meet() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN "
		"IF current_query() LIKE 'CREATE UNIQUE INDEX%%ON rollup_%%' THEN %s END IF; END "
		"$$",
		check);
	fixture_sql(conninfo, sql);
	fixture_sql(conninfo, "CREATE EVENT TRIGGER meet ON ddl_command_start WHEN TAG IN "
			      "('CREATE INDEX') EXECUTE FUNCTION meet()");
	return open_database(conninfo);
}

static void drop_check(const char *conninfo)
{
	fixture_sql(conninfo, "DROP EVENT TRIGGER meet");
	fixture_sql(conninfo, "DROP FUNCTION meet()");
}

static void keys_are_new(const char *conninfo)
{
	char *is = schema_of(conninfo);

	ck_assert_ptr_nonnull(strstr(is,
		"PRIMARY KEY (domain, basis, bucket, stream, outcome, reason, class, proof, "
		"rated)"));
	ck_assert_ptr_nonnull(
		strstr(is, "PRIMARY KEY (bucket, basis, domain, stream, proof, rated)"));
	ck_assert_ptr_null(strstr(is, "_next"));
	free(is);
}

/* The large keys come last. A crash before them leaves a database that answers; the next start makes them, and loads. */
START_TEST(answers_come_before_the_large_keys)
{
	const int64_t from = (int64_t)20786 * TIMESTAMP_DAY_US; /* 2026-11-29 */
	struct store_domains_query query = { .window = { .from_us = from,
						     .to_us = from + TIMESTAMP_DAY_US,
						     .stream = STR_EMPTY,
						     .proof = STR_EMPTY },
		.limit = 1000 };
	struct store_migration migration;
	struct sums sums = { 0 };
	struct store *store;
	char conninfo[700];

	store = open_old_with(conninfo, sizeof conninfo, "RAISE 'crash';");
	ck_assert_int_ne(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	ck_assert_int_eq(store_ready(store), ERR_OK);
	ck_assert_int_eq(store_domains(store, &query, add_up, &sums), ERR_OK);
	ck_assert_uint_eq(sums.failed, 52);
	drop_check(conninfo);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	ck_assert_uint_eq(migration.applied, 0);
	store_close(store);
	keys_are_new(conninfo);
}
END_TEST

/* Whoever reads for long keeps the key from its place, and nobody else from reading. */
START_TEST(a_long_reader_holds_nobody_up_but_the_keys)
{
	struct store_migration migration;
	struct store *store;
	char conninfo[700];
	pid_t reader, migrator;
	int status;

	store = open_old_with(conninfo, sizeof conninfo, "RAISE 'crash';");
	ck_assert_int_ne(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	store_close(store);
	drop_check(conninfo);
	if ((reader = fork()) == 0) {
		fixture_sql(conninfo,
			"BEGIN; SELECT count(*) FROM rollup_15m; SELECT pg_sleep(8); COMMIT");
		_exit(0);
	}
	sleep(1);
	if ((migrator = fork()) == 0)
		_exit(store_migrate(open_database(conninfo), NOW, 1000, &migration) ? 1 : 0);
	for (int i = 0; i < 6; i++) {
		fixture_sql(
			conninfo, "SET statement_timeout = '3s'; SELECT count(*) FROM rollup_15m");
		sleep(1);
	}
	ck_assert(waitpid(migrator, &status, 0) == migrator && status == 0);
	ck_assert(waitpid(reader, &status, 0) == reader && status == 0);
	keys_are_new(conninfo);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_migrate");
	TCase *tests = tcase_create("migrate");
	int code;

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, an_empty_database_is_filled_once);
	tcase_add_test(tests, a_changed_file_is_refused);
	tcase_add_test(tests, a_newer_database_is_refused);
	tcase_add_test(tests, many_at_once_do_it_once);
	tcase_add_test(tests, partitions_are_made_once_for_six_weeks);
	tcase_add_test(tests, reasons_stand_in_their_table);
	tcase_add_test(tests, a_wrong_address_says_so);
	tcase_add_test(tests, a_database_of_the_schema_before_comes_along);
	tcase_add_test(tests, a_schema_that_came_along_is_that_of_a_new_database);
	tcase_add_test(tests, answers_come_before_the_large_keys);
	tcase_add_test(tests, a_long_reader_holds_nobody_up_but_the_keys);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
