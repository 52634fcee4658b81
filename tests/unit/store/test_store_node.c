// links: store
// Check program of what nodes tell of themselves, on a real database: the same again is one row, positions make the backlog, a lock
// makes who acts, and what is forgotten comes back when it tells.
#define _GNU_SOURCE
#include "store/overview.h"
#include "tests/support/cluster_fixture.h"
#include "tests/support/suite.h"

#include <check.h>

#define NOON ((int64_t)1795003200 * TIMESTAMP_SECOND_US) /* 2026-11-18T12:00:00Z */
#define NODE STR("0123456789abcdef")

static struct store *store;

static void setup(void)
{
	store = fixture_migrated(NOON);
}

static void teardown(void)
{
	store_close(store);
}

static void tell(const char *role, const char *host)
{
	const struct store_node_told told = { NODE, str_c(role), str_c(host), STR("1.0") };

	ck_assert_int_eq(store_node_tell(store, &told), ERR_OK);
}

static void tell_lane(const char *spool, uint64_t durable, int64_t waiting_s)
{
	const struct store_lane_told told = { str_c(spool), NODE, STR("smtp"), durable, waiting_s };

	ck_assert_int_eq(store_lane_tell(store, &told), ERR_OK);
}

static void load(const char *spool, uint64_t to)
{
	struct store_batch *batch = store_batch_new(store, str_c(spool));
	struct store_batch_result result;

	ck_assert_int_eq(store_batch_commit(batch, 0, to, &result), ERR_OK);
	store_batch_free(batch);
}

struct seen {
	size_t n, acting, adopted;
	char host[32];
	int64_t age_s;
};

static void take_role(void *context, const struct store_node_row *row)
{
	struct seen *seen = context;

	ck_assert(str_eq(row->node_id, NODE));
	seen->n++;
	seen->acting += row->acts;
	seen->adopted += row->adopted;
	seen->age_s = row->age_s;
	snprintf(seen->host, sizeof seen->host, "%.*s", STR_ARG(row->host));
}

static struct seen roles(void)
{
	struct seen seen = { 0 };

	ck_assert_int_eq(store_nodes(store, take_role, &seen), ERR_OK);
	return seen;
}

static void take_lane(void *context, const struct store_lane_row *row)
{
	struct buf *out = context;

	buf_printf(out, "%.*s %.*s %.*s %d %d %d %d\n", STR_ARG(row->node_id), STR_ARG(row->lane),
		STR_ARG(row->spool_id), (int)row->position, row->told, (int)row->backlog,
		(int)row->waiting_s);
}

static void lanes_are(const char *expected)
{
	struct buf out = BUF_INIT(4096);

	ck_assert_int_eq(store_node_lanes(store, take_lane, &out), ERR_OK);
	buf_putc(&out, '\0');
	ck_assert_str_eq(out.p, expected);
	buf_release(&out);
}

START_TEST(a_role_tells_again)
{
	tell("loader", "a");
	tell("loader", "b");
	tell("scheduler", "b");
	ck_assert_uint_eq(roles().n, 2);
	ck_assert_str_eq(roles().host, "b");
	ck_assert_int_le(roles().age_s, 60);
}
END_TEST

START_TEST(who_acts_holds_the_lock)
{
	bool acting = false;

	tell("scheduler", "a");
	ck_assert_uint_eq(roles().acting, 0);
	ck_assert_int_eq(store_act(store, STORE_ACTOR_SCHEDULER, &acting), ERR_OK);
	ck_assert(acting);
	ck_assert_uint_eq(roles().acting, 1);
	ck_assert_int_eq(store_reopen(store), ERR_OK); /* the lock ends with the connection */
	ck_assert_uint_eq(roles().acting, 0);
}
END_TEST

START_TEST(what_is_not_loaded_is_the_backlog)
{
	tell_lane("00000000000000aa", 10, 5);
	tell_lane("00000000000000bb", 10, -1);
	load("00000000000000bb", 8);
	load("00000000000000cc", 3);
	load("log-0123", 3);
	lanes_are(" "
		  " 00000000000000cc 3 0 0 -1\n"
		  "0123456789abcdef smtp 00000000000000aa 0 1 10 5\n"
		  "0123456789abcdef smtp 00000000000000bb 8 1 3 -1\n");
	tell_lane("00000000000000bb", 7, -1);
	tell_lane("00000000000000aa", 0, -1);
	lanes_are(" "
		  " 00000000000000cc 3 0 0 -1\n"
		  "0123456789abcdef smtp 00000000000000aa 0 1 0 -1\n"
		  "0123456789abcdef smtp 00000000000000bb 8 1 0 -1\n");
}
END_TEST

START_TEST(forgotten_until_it_tells)
{
	tell("loader", "a");
	tell_lane("00000000000000aa", 1, -1);
	load("00000000000000aa", 2);
	load("00000000000000cc", 3);
	ck_assert_int_eq(store_node_adopted(store, NODE), ERR_OK);
	ck_assert_uint_eq(roles().adopted, 1);
	ck_assert_int_eq(store_node_forget(store, NODE), ERR_OK);
	ck_assert_int_eq(store_node_forget(store, STR("00000000000000cc")), ERR_OK);
	ck_assert_int_eq(store_node_forget(store, STR("00000000000000dd")), ERR_NOT_FOUND);
	ck_assert_uint_eq(roles().n, 0);
	lanes_are("");
	tell("loader", "a");
	tell_lane("00000000000000aa", 1, -1);
	ck_assert_uint_eq(roles().n, 1);
	ck_assert_uint_eq(roles().adopted, 0);
	lanes_are("0123456789abcdef smtp 00000000000000aa 2 1 0 -1\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_node");
	TCase *tests = tcase_create("store_node");
	int code;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_role_tells_again);
	tcase_add_test(tests, who_acts_holds_the_lock);
	tcase_add_test(tests, what_is_not_loaded_is_the_backlog);
	tcase_add_test(tests, forgotten_until_it_tells);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
