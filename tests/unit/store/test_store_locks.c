// links: store
// Check program of who waits for whom, on a real database: a session that stands still within a COPY and has rows locked is ended when it
// has not come on by a byte for the time that is asked for, one that goes on or has only read is not, and who wants a whole
// table for itself gives up before others have waited long behind it.
#define _GNU_SOURCE
#include "store/overview.h"
#include "tests/support/cluster_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <libpq-fe.h>

#define NOON    ((int64_t)1795003200 * TIMESTAMP_SECOND_US) /* 2026-11-18T12:00:00Z */
#define LOCKED  "SELECT last FROM suppression_counter FOR UPDATE"
#define WAITING "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bounced waiter' AND wait_event_type = 'Lock'"
/* Of a client that reads nothing, the buffers of a socket are full in a moment. */
#define LONG "COPY (SELECT repeat('x', 1000) FROM generate_series(1, 1000000)) TO STDOUT"

enum { HUNG_MS = 4000 };

static struct store *store;
static PGconn *asking;

static PGconn *session(const char *name)
{
	char conninfo[800];
	PGconn *connection;

	snprintf(conninfo, sizeof conninfo, "%s application_name='%s'", fixture.newest, name);
	connection = PQconnectdb(conninfo);
	ck_assert_msg(PQstatus(connection) == CONNECTION_OK, "%s", PQerrorMessage(connection));
	return connection;
}

static void run(PGconn *connection, const char *sql, ExecStatusType wanted)
{
	PGresult *result = PQexec(connection, sql);

	ck_assert_msg(PQresultStatus(result) == wanted, "%s: %s", sql, PQerrorMessage(connection));
	PQclear(result);
}

static bool is_so(const char *sql)
{
	PGresult *result = PQexec(asking, sql);
	const char *answer = PQntuples(result) == 1 ? PQgetvalue(result, 0, 0) : "f";
	bool so = strcmp(answer, "0") != 0 && strcmp(answer, "f") != 0;

	PQclear(result);
	return so;
}

static void wait_until(const char *sql)
{
	for (int i = 0; i < 600 && !is_so(sql); i++)
		fixture_sleep_ms(50);
	ck_assert_msg(is_so(sql), "%s", sql);
}

static void setup(void)
{
	store = fixture_migrated(NOON);
	asking = session("test");
}

static void teardown(void)
{
	PQfinish(asking);
	store_close(store);
}

/* Rows locked, and in the middle of a COPY. */
static PGconn *copying(const char *name)
{
	PGconn *connection = session(name);

	run(connection, "CREATE TEMP TABLE t (a text)", PGRES_COMMAND_OK);
	run(connection, "BEGIN", PGRES_COMMAND_OK);
	run(connection, LOCKED, PGRES_TUPLES_OK);
	run(connection, "COPY t FROM STDIN", PGRES_COPY_IN);
	return connection;
}

static PGconn *waiting(const char *sql)
{
	PGconn *connection = session("bounced waiter");

	run(connection, "BEGIN", PGRES_COMMAND_OK);
	ck_assert_int_eq(PQsendQuery(connection, sql), 1);
	wait_until(WAITING);
	return connection;
}

static size_t end_hung(struct store_hung *hung, int64_t now_ms)
{
	size_t n = 99;

	ck_assert_int_eq(store_end_hung(store, hung, now_ms, HUNG_MS, &n), ERR_OK);
	return n;
}

/* Looks until what it has seen of the session is new: the server tells of a COPY a moment late. */
static void look_until_seen(struct store_hung *hung, int64_t now_ms)
{
	for (int i = 0; i < 600; i++) {
		ck_assert_uint_eq(end_hung(hung, now_ms), 0);
		if (hung->n == 1 && hung->seen[0].since_ms == now_ms)
			return;
		fixture_sleep_ms(50);
	}
	ck_abort_msg("not seen");
}

START_TEST(who_stands_still_within_a_copy_is_ended)
{
	PGconn *copies = copying("bounced import"), *waits = waiting(LOCKED);
	struct store_hung hung = { .n = 0 };

	look_until_seen(&hung, 1000);
	ck_assert_uint_eq(end_hung(&hung, 1000 + HUNG_MS - 1), 0);
	ck_assert_uint_eq(end_hung(&hung, 1000 + HUNG_MS), 1);
	ck_assert_uint_eq(hung.n, 0);
	PQclear(PQgetResult(waits)); /* it has the row now */
	ck_assert_int_eq(PQtransactionStatus(waits), PQTRANS_ACTIVE);
	ck_assert_ptr_null(PQgetResult(waits));
	ck_assert_int_eq(PQtransactionStatus(waits), PQTRANS_INTRANS);
	PQfinish(waits);
	PQfinish(copies);
}
END_TEST

START_TEST(who_goes_on_is_not)
{
	static const char line[100001] = { [0 ... 99999] = 'x' };
	PGconn *copies = copying("bounced loader"), *waits = waiting(LOCKED);
	struct store_hung hung = { .n = 0 };

	look_until_seen(&hung, 1000);
	ck_assert_int_eq(PQputCopyData(copies, line, sizeof line - 1), 1);
	ck_assert_int_eq(PQputCopyData(copies, "\n", 1), 1);
	ck_assert_int_eq(PQflush(copies), 0);
	wait_until("SELECT count(*) FROM pg_stat_progress_copy WHERE bytes_processed > 65536");
	look_until_seen(&hung, 1000 + HUNG_MS);
	PQfinish(waits);
	PQfinish(copies);
}
END_TEST

START_TEST(who_is_not_ours_or_holds_nobody_up_is_not)
{
	PGconn *alone = copying("bounced loader");
	struct store_hung hung = { .n = 0 };

	ck_assert_uint_eq(end_hung(&hung, 1000), 0);
	ck_assert_uint_eq(hung.n, 0);
	PQfinish(alone);
	wait_until("SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'bounced loader'");
	alone = copying("another program");
	PQfinish(waiting(LOCKED));
	ck_assert_uint_eq(end_hung(&hung, 1000), 0);
	ck_assert_uint_eq(hung.n, 0);
	PQfinish(alone);
}
END_TEST

/* A reader of all that is kept, whose own client is slow; retention does not wait for it with everybody behind. */
START_TEST(who_reads_is_let_be_and_not_waited_for)
{
	PGconn *reads = session("bounced suppress"), *waits;
	struct store_hung hung = { .n = 0 };

	run(reads, "BEGIN", PGRES_COMMAND_OK);
	run(reads, "SELECT count(*) FROM message_raw", PGRES_TUPLES_OK);
	ck_assert_int_eq(PQsendQuery(reads, LONG), 1);
	wait_until("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'ClientWrite'");
	waits = waiting("LOCK TABLE message_raw IN ACCESS EXCLUSIVE MODE");
	ck_assert_uint_eq(end_hung(&hung, 1000), 0);
	ck_assert_uint_eq(hung.n, 0);
	PQfinish(waits); /* which the server does not notice while it waits for the lock */
	ck_assert(is_so("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bounced waiter'"));
	wait_until("SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'bounced waiter'");
	ck_assert_int_eq(store_drop(store, STORE_KEPT_RAW, NOON + 10 * TIMESTAMP_DAY_US), ERR_CONFLICT);
	PQfinish(reads);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_locks");
	TCase *tests = tcase_create("store_locks");
	int code;

	tcase_set_timeout(tests, 50); /* less than a lock is waited for elsewhere */
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, who_stands_still_within_a_copy_is_ended);
	tcase_add_test(tests, who_goes_on_is_not);
	tcase_add_test(tests, who_is_not_ours_or_holds_nobody_up_is_not);
	tcase_add_test(tests, who_reads_is_let_be_and_not_waited_for);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
