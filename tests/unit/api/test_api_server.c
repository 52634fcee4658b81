// links: api store
// Check program of API servers of their own: keys, databases that are away, slow senders, spools, parsers.
#define _GNU_SOURCE
#include "tests/support/api_fixture.h"

START_TEST(keys_are_needed_without_loopback)
{
	struct http_reply *reply;

	snprintf(conninfo, sizeof conninfo, "%s", fixture_database());
	start_server((struct api_options){ .access = API_ACCESS_KEYS });
	reply = http_get(port, "/v1/domains");
	ck_status(reply, 401);
	ck_has(reply, "WWW-Authenticate: Bearer\r\n");
	ck_has(reply, "urn:bounced:problem:unauthorized");
	ck_status(http_post(port, "/v1/volumes", "{}"), 401);
	ck_status(http_get(port, "/healthz"), 200);
	ck_status(http_get(port, "/v1/nowhere"), 404);
	api_server_stop(server);
}
END_TEST

START_TEST(an_empty_database_is_not_ready)
{
	snprintf(conninfo, sizeof conninfo, "%s", fixture_database());
	start_server((struct api_options){ .access = API_ACCESS_LOOPBACK });
	ck_status(http_get(port, "/readyz"), 503);
	ck_status(http_get(port, "/v1/domains"), 503);
	ck_status(http_get(port, "/healthz"), 200);
	api_server_stop(server);
}
END_TEST

START_TEST(a_database_that_is_away_is_503)
{
	struct http_reply *reply;

	start_server((struct api_options){
		.access = API_ACCESS_LOOPBACK, .conninfo = "host=/nonexistent dbname=x" });
	reply = http_get(port, "/v1/domains");
	ck_status(reply, 503);
	ck_has(reply, "Retry-After: 2\r\n");
	ck_status(http_get(port, "/readyz"), 503);
	ck_status(http_get(port, "/healthz"), 200);
	api_server_stop(server);
}
END_TEST

START_TEST(a_lost_connection_costs_no_request)
{
	setup();
	for (int i = 0; i < 8; i++)
		ck_status(http_get(port, "/readyz"), 200);
	fixture_sql(fixture.conninfo, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				      "WHERE application_name = 'bounced api'");
	for (int i = 0; i < 8; i++)
		ck_status(http_get(port, "/v1/domains"), 200);
	api_server_stop(server);
}
END_TEST

/* Threads that failed at different moments wait for different times, but not once one of them got in. */
START_TEST(a_database_that_comes_is_there_for_every_thread)
{
	struct store_migration migration;
	struct store *store;
	char sql[80];

	snprintf(conninfo, sizeof conninfo, "%s dbname=late%d", fixture.conninfo, (int)getpid());
	start_server((struct api_options){ .access = API_ACCESS_LOOPBACK, .threads = 8 });
	for (int i = 0; i < 100; i++) {
		ck_status(http_get(port, "/readyz"), 503);
		fixture_sleep_ms(15);
	}
	snprintf(sql, sizeof sql, "CREATE DATABASE late%d", (int)getpid());
	fixture_sql(fixture.conninfo, sql);
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOON, 1000, &migration), ERR_OK);
	store_close(store);
	for (int i = 0; http_get(port, "/readyz")->status != 200; i++) {
		ck_assert_int_lt(i, 600);
		fixture_sleep_ms(20);
	}
	for (int i = 0; i < 100; i++)
		ck_status(http_get(port, "/readyz"), 200);
	api_server_stop(server);
}
END_TEST

/* The names of half a million domains, which the first ranking would wait for. Who holds their table sees who comes for it. */
#define UNTIL(condition)                                                                           \
	"FOR i IN 1 .. 1500 LOOP IF EXISTS (" condition ") THEN RETURN; END IF; "                  \
	"PERFORM pg_sleep(0.02), pg_stat_clear_snapshot(); END LOOP; RAISE 'nobody came'; END $$"

START_TEST(names_are_read_before_anybody_asks)
{
	struct store_migration migration;
	struct store *store;
	pid_t holder;
	int status;

	snprintf(conninfo, sizeof conninfo, "%s", fixture_database());
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOON, 1000, &migration), ERR_OK);
	store_close(store);
	holder = fork();
	if (holder == 0) {
		fixture_sql(conninfo,
			"DO $$ BEGIN LOCK TABLE domain_number; " UNTIL(
				"SELECT FROM pg_stat_activity WHERE application_name = 'bounced "
				"api' AND datname = current_database() AND wait_event_type = "
				"'Lock'"));
		_exit(0);
	}
	fixture_sql(conninfo, "DO $$ BEGIN " UNTIL("SELECT FROM pg_locks WHERE relation = "
						   "'domain_number'::regclass AND granted"));
	start_server((struct api_options){ .access = API_ACCESS_LOOPBACK });
	ck_assert(waitpid(holder, &status, 0) == holder && WIFEXITED(status) &&
		  WEXITSTATUS(status) == 0);
	api_server_stop(server);
}
END_TEST

/* A byte now and then resets every idle timer; only an absolute deadline ends it. */
START_TEST(slow_senders_are_cut_off)
{
	static struct http_reply reply;
	const char *starts[] = { "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ",
		"POST /v1/volumes HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
		"Content-Length: 1000\r\n\r\n" };

	setup();
	api_server_stop(server);
	start_server((struct api_options){
		.access = API_ACCESS_LOOPBACK, .header_timeout_ms = 300, .body_timeout_ms = 300 });
	for (size_t i = 0; i < ARRAY_LEN(starts); i++) {
		int fd = http_connect(port), drips = 0;

		http_write(fd, starts[i], strlen(starts[i]));
		while (drips < 1000 && send(fd, "x", 1, MSG_NOSIGNAL) == 1) {
			fixture_sleep_ms(20);
			drips++;
		}
		ck_assert_int_lt(drips, 1000);
		http_read(fd, &reply);
		close(fd);
	}
	ck_status(http_get(port, "/healthz"), 200);
	api_server_stop(server);
}
END_TEST

/* More that only connect than there are slots, and as much time as they like: who asks is answered, and who asked before keeps
 * its connection. */
START_TEST(strangers_leave_slots_to_those_who_ask)
{
	const char *start = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n";
	char answer[4096];
	int strangers[40], guest;

	setup();
	api_server_stop(server);
	start_server((struct api_options){ .access = API_ACCESS_LOOPBACK,
		.header_timeout_ms = 3600 * 1000,
		.max_connections = 16,
		.max_per_address = 100 });
	guest = http_connect(port);
	http_write(guest, start, strlen(start));
	http_write(guest, "\r\n", 2);
	ck_assert(
		recv(guest, answer, sizeof answer, 0) > 12 && !memcmp(answer, "HTTP/1.1 200", 12));
	for (size_t i = 0; i < ARRAY_LEN(strangers); i++) {
		strangers[i] = http_connect(port);
		http_write(strangers[i], start, strlen(start));
	}
	ck_status(http_get(port, "/healthz"), 200);
	http_write(guest, start, strlen(start));
	http_write(guest, "\r\n", 2);
	ck_assert(
		recv(guest, answer, sizeof answer, 0) > 12 && !memcmp(answer, "HTTP/1.1 200", 12));
	for (size_t i = 0; i < ARRAY_LEN(strangers); i++)
		close(strangers[i]);
	close(guest);
	api_server_stop(server);
}
END_TEST

/* ---- messages and parsers ---- */

#define MAIL_TYPE "Content-Type: message/rfc822\r\n"

/* The first letter of the message says what the parser does. */
static enum err parse_stub(
	void *context, struct arena *arena, struct str message, struct str *ret_json)
{
	ck_assert_ptr_eq(context, &port);
	if (message.p[0] == 'u')
		return ERR_UNAVAILABLE;
	if (message.p[0] == 't')
		return ERR_TIMEOUT;
	*ret_json = arena_printf(arena, "{\"bytes\":%zu}\n", message.n);
	return ERR_OK;
}

static const struct {
	const char *body;
	int status;
	const char *has;
} parse_cases[] = {
	{ "a mail", 200, "{\"bytes\":6}" },
	{ "u", 503, "urn:bounced:problem:no-parser" },
	{ "t", 503, "urn:bounced:problem:took-too-long" },
	{ "", 400, "urn:bounced:problem:empty-body" },
};

START_TEST(parsers_answer_or_do_not)
{
	const char *body = parse_cases[_i].body;
	struct http_reply *reply;

	start_server((struct api_options){ .access = API_ACCESS_LOOPBACK,
		.conninfo = "host=/nonexistent",
		.parse = parse_stub,
		.parse_context = &port });
	reply = http_send(port, "POST", "/v1/parse", MAIL_TYPE, body, strlen(body));
	ck_status(reply, parse_cases[_i].status);
	ck_has(reply, parse_cases[_i].has);
	api_server_stop(server);
}
END_TEST

/* What comes back is what was asked, as the event's diagnostic; its first letter says what the parser does. */
static enum err classify_stub(void *context, struct arena *arena, const struct api_text *asked,
	struct api_verdict *ret_verdict)
{
	ck_assert_ptr_eq(context, &port);
	if (asked->text.p[0] == 'u')
		return ERR_UNAVAILABLE;
	if (asked->text.p[0] == 't')
		return ERR_TIMEOUT;
	*ret_verdict = (struct api_verdict){ .event_json = STR_EMPTY };
	if (asked->text.p[0] == 'd')
		return ERR_OK;
	if (str_eq(asked->rules, STR("bad")))
		ret_verdict->trouble = STR("rule:1: no");
	else
		ret_verdict->event_json = arena_printf(arena, "{\"was\":\"%.*s %.*s %.*s\"}",
			STR_ARG(asked->text), STR_ARG(asked->remote_mta), STR_ARG(asked->rules));
	ret_verdict->account = STR("one\n\xC3\xA9\n");
	return ERR_OK;
}

static const struct {
	const char *body;
	int status;
	const char *has;
} classify_cases[] = {
	{ "{\"text\":\"550 no\",\"remote_mta\":\"mx.a.example\"}", 200,
		"{\"event\":{\"was\":\"550 no mx.a.example "
		"\"},\"account\":[\"one\",\"\xC3\xA9\"],\"with_rule\":null}" },
	{ "{\"text\":\"550 no\",\"rule\":\"good\"}", 200,
		"\"with_rule\":{\"event\":{\"was\":\"550 no  good\"},\"account\":[\"one\"," },
	{ "{\"text\":\"550 no\",\"rule\":\"bad\"}", 400,
		"\"detail\":\"rule:1: no\",\"pointer\":\"/rule\"" },
	{ "{\"text\":\"\"}", 400, "\"pointer\":\"/text\"" },
	{ "{\"text\":7}", 400, "\"pointer\":\"/text\"" },
	{ "{\"text\":\"a\",\"other\":1}", 400, "an object with text, remote_mta, rule alone" },
	{ "[]", 400, "\"pointer\":\"/text\"" },
	{ "{", 400, "urn:bounced:problem:malformed-json" },
	{ "{\"text\":\"u\"}", 503, "urn:bounced:problem:no-parser" },
	{ "{\"text\":\"t\"}", 503, "urn:bounced:problem:took-too-long" },
	{ "{\"text\":\"d\"}", 503, "no parser survived" },
};

START_TEST(texts_are_judged_or_not)
{
	struct http_reply *reply;

	start_server((struct api_options){ .access = API_ACCESS_LOOPBACK,
		.conninfo = "host=/nonexistent",
		.classify = classify_stub,
		.parse_context = &port });
	reply = http_post(port, "/v1/classify", classify_cases[_i].body);
	ck_status(reply, classify_cases[_i].status);
	ck_has(reply, classify_cases[_i].has);
	api_server_stop(server);
}
END_TEST

/* Two segments are all that the spool may have; a message of most of one fills it soon. */
START_TEST(a_full_spool_takes_no_message)
{
	const size_t n = 100 << 10;
	struct spool_writer *writer;
	struct spool_options spool;
	struct http_reply *reply;
	char folder[100], *body = malloc(n);
	int taken = 0;

	memset(body, 'x', n);
	snprintf(folder, sizeof folder, "%s/spool%d", fixture.dir, (int)getpid());
	spool_options_init(&spool);
	spool.segment_bytes = 128 << 10;
	spool.quota_bytes = 4 * spool.segment_bytes;
	spool.min_free_bytes = 0;
	ck_assert_int_eq(spool_writer_open(folder, &spool, &writer), ERR_OK);
	start_server((struct api_options){
		.access = API_ACCESS_LOOPBACK, .conninfo = "host=/nonexistent", .spool = writer });
	reply = http_send(port, "POST", "/v1/messages", MAIL_TYPE, "x", 1);
	ck_status(reply, 202);
	ck_has(reply, "\"sequence\":1,");
	while ((reply = http_send(port, "POST", "/v1/messages", MAIL_TYPE, body, n))->status == 202)
		ck_assert_int_lt(++taken, 5);
	ck_status(reply, 503);
	ck_has(reply, "urn:bounced:problem:not-taken");
	ck_has(reply, "Retry-After: 10\r\n");
	ck_assert_int_ge(taken, 1);
	api_server_stop(server);
	spool_writer_close(writer);
	free(body);
}
END_TEST

START_TEST(mail_bodies_end_at_their_limit)
{
	char *body = calloc(1, LIMIT_HTTP_MAIL_BYTES + 1);

	start_server((struct api_options){ .access = API_ACCESS_LOOPBACK,
		.conninfo = "host=/nonexistent",
		.parse = parse_stub,
		.parse_context = &port });
	ck_status(
		http_send(port, "POST", "/v1/parse", MAIL_TYPE, body, LIMIT_HTTP_MAIL_BYTES), 200);
	ck_status(http_send(port, "POST", "/v1/parse", MAIL_TYPE, body, LIMIT_HTTP_MAIL_BYTES + 1),
		413);
	ck_status(http_send(port, "POST", "/v1/messages", MAIL_TYPE, "x", 1), 503);
	api_server_stop(server);
	free(body);
}
END_TEST

START_TEST(metrics_tell_that_the_database_is_away)
{
	struct http_reply *reply;

	start_server((struct api_options){
		.access = API_ACCESS_LOOPBACK, .conninfo = "host=/nonexistent" });
	ck_status(http_get(port, "/nowhere"), 404);
	reply = http_get(port, "/metrics");
	ck_status(reply, 200);
	ck_has(reply, "bounced_database_up 0\n");
	ck_has(reply, "bounced_http_requests_total{method=\"\",route=\"none\",status=\"404\"} 1\n");
	api_server_stop(server);
}
END_TEST

static const struct {
	const char *listen;
	enum api_access access;
	enum err err;
} listen_cases[] = {
	{ "127.0.0.1", API_ACCESS_KEYS, ERR_SYNTAX },
	{ "127.0.0.1:65536", API_ACCESS_KEYS, ERR_SYNTAX },
	{ "example.com:80", API_ACCESS_KEYS, ERR_SYNTAX },
	{ "", API_ACCESS_KEYS, ERR_SYNTAX },
	{ "0.0.0.0:0", API_ACCESS_LOOPBACK, ERR_DENIED },
	{ ":0", API_ACCESS_LOOPBACK, ERR_DENIED },
	{ "192.0.2.1:0", API_ACCESS_KEYS, ERR_IO },
	{ "localhost:0", API_ACCESS_LOOPBACK, ERR_OK },
	{ "127.0.0.1:0", API_ACCESS_KEYS, ERR_OK },
};

START_TEST(listening)
{
	const struct api_options options = { .listen = str_c(listen_cases[_i].listen),
		.access = listen_cases[_i].access,
		.conninfo = "host=/nonexistent" };
	struct buf problem = BUF_INIT(1024);
	struct api_server *own = NULL;
	enum err err = api_server_start(&options, &problem, &own);

	ck_assert_msg(
		err == listen_cases[_i].err, "%s: %s", listen_cases[_i].listen, err_text(err));
	ck_assert((err == ERR_OK) == (problem.n == 0));
	api_server_stop(own);
	buf_release(&problem);
}
END_TEST

START_TEST(a_taken_port_says_so)
{
	struct api_options options = { .access = API_ACCESS_KEYS, .conninfo = "host=/nonexistent" };
	struct buf problem = BUF_INIT(1024);
	struct api_server *second = NULL;
	char listen[40];

	start_server(options);
	snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
	options.listen = str_c(listen);
	ck_assert_int_eq(api_server_start(&options, &problem, &second), ERR_EXISTS);
	buf_release(&problem);
	api_server_stop(server);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api_server");
	TCase *tests = tcase_create("api_server");

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, keys_are_needed_without_loopback);
	tcase_add_test(tests, an_empty_database_is_not_ready);
	tcase_add_test(tests, a_database_that_is_away_is_503);
	tcase_add_test(tests, a_lost_connection_costs_no_request);
	tcase_add_test(tests, a_database_that_comes_is_there_for_every_thread);
	tcase_add_test(tests, names_are_read_before_anybody_asks);
	tcase_add_test(tests, slow_senders_are_cut_off);
	tcase_add_test(tests, strangers_leave_slots_to_those_who_ask);
	tcase_add_loop_test(tests, parsers_answer_or_do_not, 0, ARRAY_LEN(parse_cases));
	tcase_add_loop_test(tests, texts_are_judged_or_not, 0, ARRAY_LEN(classify_cases));
	tcase_add_test(tests, a_full_spool_takes_no_message);
	tcase_add_test(tests, mail_bodies_end_at_their_limit);
	tcase_add_test(tests, metrics_tell_that_the_database_is_away);
	tcase_add_loop_test(tests, listening, 0, ARRAY_LEN(listen_cases));
	tcase_add_test(tests, a_taken_port_says_so);
	suite_add_tcase(suite, tests);
	return run_api_suite(suite);
}
