// links: api store
// Check program of questions that are asked together: a lock holds the first of them up, and the others gather meanwhile.
#define _GNU_SOURCE
#include "tests/support/api_fixture.h"

#include <pthread.h>

enum { ASKING = 40 };

static char locked_path[64];

/* A psql that holds the lock until it is closed. */
static FILE *lock_list(void)
{
	char command[900];
	FILE *psql;

	snprintf(locked_path, sizeof locked_path, "/tmp/bounced-locked-%d", (int)getpid());
	snprintf(command, sizeof command, "psql -X -q -v ON_ERROR_STOP=1 -o %s -d '%s'",
		locked_path, conninfo);
	psql = popen(command, "w");
	ck_assert_ptr_nonnull(psql);
	fputs("BEGIN;\nLOCK TABLE suppression;\nSELECT 'locked';\n\\o\n", psql);
	fflush(psql);
	for (int i = 0; i < 1000; i++) {
		struct stat st;

		if (!stat(locked_path, &st) && st.st_size)
			return psql;
		fixture_sleep_ms(20);
	}
	ck_abort_msg("the list was not locked");
}

static void unlock_list(FILE *psql)
{
	ck_assert_int_eq(pclose(psql), 0);
	unlink(locked_path);
}

static int ask(const char *query, const char *body)
{
	char request[1200];
	int fd = http_connect(port);
	int n = snprintf(request, sizeof request,
		"POST /v1/suppressions/check%s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
		"Content-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
		query, strlen(body), body);

	http_write(fd, request, (size_t)n);
	return fd;
}

static void ck_answered(int fd, int status, const char *wanted)
{
	static struct http_reply reply;

	http_read(fd, &reply);
	close(fd);
	ck_status(&reply, status);
	ck_has(&reply, wanted);
}

static void setup_one_thread(void)
{
	setup();
	api_server_stop(server);
	start_server((struct api_options){
		.access = API_ACCESS_LOOPBACK, .threads = 1, .statement_timeout_ms = 60000 });
	fixture_sql(conninfo,
		"INSERT INTO suppression (address, stream, domain, state, reason, class, source, "
		"first_seen, last_seen, changed_at, count, status, diagnostic, dirty) "
		"SELECT 'u' || n || '@joined.example', CASE n % 2 WHEN 0 THEN '' ELSE 'news' END, "
		"'joined.example', 'active', 'recipient.unknown', 'hard', 'manual', now(), now(), "
		"now(), 0, '', '', false FROM generate_series(1, 40) n ON CONFLICT DO NOTHING");
}

/* The server has one thread, and answers others while forty questions wait for the database. Of streams and of none, each is
 * told of its own address. */
START_TEST(who_waits_holds_no_thread_and_gets_its_own_answer)
{
	int fds[ASKING];
	FILE *psql;

	setup_one_thread();
	psql = lock_list();
	for (int i = 0; i < ASKING; i++) {
		char body[100];

		snprintf(body, sizeof body, "{\"addresses\":[\"u%d@joined.example\"]}", i + 1);
		fds[i] = ask(i % 4 < 2 ? "" : "?stream=shop", body);
	}
	ck_status(http_get(port, "/healthz"), 200);
	unlock_list(psql);
	for (int i = 0; i < ASKING; i++) {
		char wanted[100];
		bool global = (i + 1) % 2 == 0; /* news has the others to itself */

		snprintf(wanted, sizeof wanted, "\"address\":\"u%d@joined.example\"", i + 1);
		ck_answered(fds[i], 200,
			global || i % 4 < 2 ? wanted : "\"suppressed\":[],\"answers\":[]");
	}
	api_server_stop(server);
}
END_TEST

/* What is wrong with one question is told to who asked it. */
START_TEST(a_bad_question_spoils_no_other)
{
	static const struct {
		const char *query, *body;
		int status;
		const char *wanted;
	} cases[] = {
		{ "", "{\"addresses\":[\"u2@joined.example\",\"none\"]}", 200, "\"invalid\"" },
		{ "", "{\"addresses\":[1]}", 400, "/addresses/0" },
		{ "", "{\"addresses\":[", 400, "malformed" },
		{ "?stream=a%ff", "{\"addresses\":[]}", 400, "malformed" },
		{ "?nothing=1", "{\"addresses\":[]}", 400, "nothing" },
		{ "?stream=news", "{\"addresses\":[\"u1@joined.example\"]}", 200,
			"\"address\":\"u1@joined.example\"" },
		{ "", "{\"addresses\":[]}", 200, "\"checked\":0" },
	};
	int fds[ARRAY_LEN(cases)], first;
	FILE *psql;

	setup_one_thread();
	psql = lock_list();
	first = ask("", "{\"addresses\":[\"u4@joined.example\"]}");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		fds[i] = ask(cases[i].query, cases[i].body);
	ck_status(http_get(port, "/healthz"), 200);
	unlock_list(psql);
	ck_answered(first, 200, "\"address\":\"u4@joined.example\"");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_answered(fds[i], cases[i].status, cases[i].wanted);
	api_server_stop(server);
}
END_TEST

/* A client that hangs up while it waits, and a database that gives up: the rest hear of it, and the server stops. */
START_TEST(waiting_ends)
{
	int gone, left;
	FILE *psql;

	setup_one_thread();
	api_server_stop(server);
	start_server((struct api_options){
		.access = API_ACCESS_LOOPBACK, .threads = 1, .statement_timeout_ms = 300 });
	psql = lock_list();
	gone = ask("", "{\"addresses\":[\"u2@joined.example\"]}");
	left = ask("", "{\"addresses\":[\"u2@joined.example\"]}");
	ck_status(http_get(port, "/healthz"), 200);
	close(gone);
	ck_answered(left, 503, "urn:bounced:problem:");
	left = ask("", "{\"addresses\":[\"u2@joined.example\"]}");
	ck_status(http_get(port, "/healthz"), 200);
	api_server_stop(server);
	ck_answered(left, 503, "urn:bounced:problem:");
	unlock_list(psql);
}
END_TEST

/* The server of the database forgets plans when it is told to; the question is asked all the same. */
START_TEST(a_plan_that_is_gone_costs_no_answer)
{
	const char *body = "{\"addresses\":[\"u2@joined.example\"]}";

	setup_one_thread();
	ck_answered(ask("", body), 200, "u2@joined.example");
	fixture_sql(conninfo, "ALTER TABLE suppression ALTER COLUMN diagnostic TYPE varchar");
	ck_answered(ask("", body), 200, "u2@joined.example");
	fixture_sql(conninfo, "ALTER TABLE suppression ALTER COLUMN diagnostic TYPE text");
	ck_answered(ask("", body), 200, "u2@joined.example");
	api_server_stop(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api_joined");
	TCase *tcase = tcase_create("joined");

	tcase_add_test(tcase, who_waits_holds_no_thread_and_gets_its_own_answer);
	tcase_add_test(tcase, a_bad_question_spoils_no_other);
	tcase_add_test(tcase, waiting_ends);
	tcase_add_test(tcase, a_plan_that_is_gone_costs_no_answer);
	tcase_set_timeout(tcase, 60);
	suite_add_tcase(suite, tcase);
	return run_api_suite(suite);
}
