// links: api store
// Check program of the API over real HTTP and a real database: answers, and each way to be wrong.
#define _GNU_SOURCE
#include "tests/support/api_fixture.h"

START_TEST(domains_with_rates)
{
	struct http_reply *reply = http_get(port, "/v1/domains?" WINDOW);

	ck_status(reply, 200);
	ck_has(reply, "Content-Type: application/json\r\n");
	ck_has(reply, "Cache-Control: private, max-age=0\r\n");
	ck_has(reply, "X-Content-Type-Options: nosniff\r\n");
	ck_has(reply, "\"from\":\"2026-11-18T00:00:00Z\",\"to\":\"2026-11-19T00:00:00Z\",\"basis\":"
		      "\"event\",\"stream\":null");
	ck_has(reply,
		"{\"domain\":\"a.example\",\"attempted\":100,\"accepted\":null,\"failed\":5,"
		"\"hard\":3,\"soft\":0,"
		"\"block\":2,\"delayed\":0,\"complaints\":0,\"unproven\":0,\"failure_rate\":0.05,"
		"\"failure_rate_interval\":[0.0215437,0.11175],\"hard_rate\":0.03,"
		"\"soft_rate\":0.0,\"block_rate\":0.02,\"coverage\":1.0,\"forged_share\":0.0,"
		"\"flags\":[]}");
	ck_has(reply,
		"{\"domain\":\"b.example\",\"attempted\":null,\"accepted\":null,\"failed\":2,"
		"\"hard\":0,\"soft\":0,"
		"\"block\":2,\"delayed\":0,\"complaints\":0,\"unproven\":0,\"failure_rate\":null,"
		"\"failure_rate_interval\":null,\"hard_rate\":null,\"soft_rate\":null,"
		"\"block_rate\":null,\"coverage\":1.0,\"forged_share\":0.0,\"flags\":[\"no_"
		"volume\"]}");
	ck_has(reply, "\"next_cursor\":null");
}
END_TEST

START_TEST(windows_are_whole_hours)
{
	struct http_reply *reply = http_get(
		port, "/v1/domains?from=2026-11-18T12:30:00%2B00:00&to=2026-11-18T12:30:01Z");

	ck_status(reply, 200);
	ck_has(reply, "\"from\":\"2026-11-18T12:00:00Z\",\"to\":\"2026-11-18T13:00:00Z\"");
	ck_has(reply, "\"failed\":5");
}
END_TEST

START_TEST(pages)
{
	unsigned n;

	ck_assert_uint_eq(count_in_pages("/v1/domains?" WINDOW "&limit=1", "\"domain\":", &n), 2);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(count_in_pages("/v1/domains?" WINDOW "&limit=1&sort=failure_rate",
				  "\"domain\":", &n),
		2);
	ck_assert_uint_eq(
		count_in_pages("/v1/events?" WINDOW "&limit=2", "\"message_id\":", &n), 7);
	ck_assert_uint_eq(n, 4);
	ck_assert_uint_eq(
		count_in_pages("/v1/events?" WINDOW "&limit=7", "\"message_id\":", &n), 7);
	ck_assert_uint_eq(n, 1);
}
END_TEST

static const struct {
	const char *more;
	int status;
} cursor_cases[] = {
	{ "", 200 },
	{ "&limit=3", 200 },
	{ "&limit=1&sort=failure_rate", 400 },
	{ "&limit=1&stream=news", 400 },
	{ "&limit=1&basis=send", 400 },
	{ "&limit=1&proof=all", 400 },
	{ "&limit=1&min_attempted=1", 400 },
};

START_TEST(a_cursor_belongs_to_its_query)
{
	struct http_reply *reply = http_get(port, "/v1/domains?" WINDOW "&limit=1");
	const char *at = strstr(reply->text, "\"next_cursor\":\"");
	char cursor[500], target[1000];

	ck_status(reply, 200);
	ck_assert_ptr_nonnull(at);
	at += strlen("\"next_cursor\":\"");
	snprintf(cursor, sizeof cursor, "%.*s", (int)strcspn(at, "\""), at);
	snprintf(target, sizeof target, "/v1/domains?" WINDOW "%s&cursor=%s", cursor_cases[_i].more,
		cursor);
	ck_status(http_get(port, target), cursor_cases[_i].status);
	snprintf(target, sizeof target, "/v1/domains?from=2026-11-17&to=2026-11-19&cursor=%s",
		cursor);
	ck_status(http_get(port, target), 400);
	snprintf(target, sizeof target, "/v1/events?" WINDOW "&cursor=%s", cursor);
	reply = http_get(port, target);
	ck_status(reply, 400);
	ck_has(reply, "\"parameter\":\"cursor\"");
}
END_TEST

START_TEST(one_domain)
{
	struct http_reply *reply = http_get(port, "/v1/domains/A.Example?" WINDOW);

	ck_status(reply, 200);
	ck_has(reply, "\"domain\":\"a.example\",\"attempted\":100,\"accepted\":null,\"failed\":5");
	ck_has(reply,
		"\"reasons\":[{\"outcome\":\"failed\",\"reason\":\"recipient.unknown\",\"class\":"
		"\"hard\",\"count\":3},");
	ck_has(reply, "\"diagnostics\":[{\"template\":\"550 5.1.1 <*>: \\\"unknown\\\"\"");
	ck_has(reply, "\"step\":\"hour\",\"series\":[{\"at\":\"2026-11-18T12:00:00Z\","
		      "\"attempted\":100,\"accepted\":null,"
		      "\"failed\":5");
	reply = http_get(port, "/v1/domains/never.example?" WINDOW);
	ck_status(reply, 200);
	ck_has(reply, "\"failed\":0");
	reply = http_get(port, "/v1/domains/a.example?from=2026-01-01&to=2026-12-01&step=hour");
	ck_status(reply, 400);
	ck_has(reply, "\"parameter\":\"step\"");
}
END_TEST

START_TEST(bodies_that_are_no_json)
{
	struct http_reply *reply =
		http_send(port, "PUT", "/v1/suppressions/opt@example.com", "", NULL, 0);

	ck_status(reply, 200);
	ck_has(reply, "\"address\":\"opt@example.com\"");
	ck_status(http_send(port, "PUT", "/v1/suppressions/opt@example.com", "", "{}", 2), 415);
	reply = http_post(port, "/v1/suppressions/check", "{\"addresses\":[\"\\u0000\"]}");
	ck_status(reply, 400);
	ck_has(reply, "a NUL in a text");
	reply = http_post(port, "/v1/suppressions/check", "{\"addresses\":[99999999999999999999]}");
	ck_status(reply, 400);
	ck_has(reply, "urn:bounced:problem:invalid-field");
	ck_has(reply, "the number is too large");
	ck_status(http_send(port, "DELETE", "/v1/suppressions/opt@example.com", "", NULL, 0), 200);
}
END_TEST

START_TEST(events_and_one_event)
{
	struct http_reply *reply = http_get(
		port, "/v1/events?" WINDOW "&recipient=ann+news@example.com&class=hard&limit=1");
	char id[40] = "", target[100];
	const char *at;

	ck_status(reply, 200);
	ck_has(reply, "\"outcome\":\"failed\"");
	at = strstr(reply->text, "{\"id\":\"");
	ck_assert_ptr_nonnull(at);
	snprintf(id, sizeof id, "%.36s", at + strlen("{\"id\":\""));
	snprintf(target, sizeof target, "/v1/events/%s", id);
	reply = http_get(port, target);
	ck_status(reply, 200);
	ck_has(reply, id);
	ck_has(reply, "\"diagnostic\":\"550 5.1.1 <ann@example.com>: \\\"unknown\\\"\\n\"");
	ck_has(reply, "\"peer\":\"192.0.2.1\"");
	ck_has(reply, "\"flaws\":[\"no_status\"]");
	ck_has(reply, "\"reverse_path\":\"\"");
	ck_status(http_get(port, "/v1/events/no-id"), 404);
	ck_status(http_get(port, "/v1/events/ffffffff-ffff-8fff-bfff-ffffffffffff"), 404);
}
END_TEST

static const struct {
	const char *method, *target;
	int status;
	const char *has;
} request_cases[] = {
	{ "GET", "/v1/domains?colour=red", 400, "\"parameter\":\"colour\"" },
	{ "GET", "/v1/domains?colour=red", 400, "min_attempted" },
	{ "GET", "/v1/domains?limit=many", 400, "\"parameter\":\"limit\"" },
	{ "GET", "/v1/domains?limit=1001", 400, "at most 1000" },
	{ "GET", "/v1/domains?from=2026-11-19&to=2026-11-18", 400, "\"parameter\":\"from\"" },
	{ "GET", "/v1/domains?to=2026-11-19&from=2026-11-19", 400, "from must be before to" },
	{ "GET", "/v1/domains?cursor=xyz", 400, "\"parameter\":\"cursor\"" },
	{ "GET", "/v1/domains?cursor=****", 400, "\"parameter\":\"cursor\"" },
	{ "GET", "/v1/events?cursor=AAAA", 400, "\"parameter\":\"cursor\"" },
	{ "GET", "/v1/domains?stream=%zz", 400, "malformed-target" },
	{ "GET", "/v1/events/%zz", 400, "malformed-target" },
	{ "GET", "/v2/domains", 404, "urn:bounced:problem:not-found" },
	{ "GET", "/nowhere", 404, "\"status\":404" },
	{ "GET", "/", 200, "Content-Type: text/html; charset=utf-8\r\n" },
	{ "GET", "/", 200, "script-src 'self'" },
	{ "GET", "/dashboard/page.js", 200, "Content-Type: text/javascript; charset=utf-8\r\n" },
	{ "GET", "/dashboard/page.js", 200, "https://github.com/leeoniya/uPlot" },
	{ "GET", "/dashboard/main.js", 404, "urn:bounced:problem:not-found" },
	{ "GET", "/dashboard/page.css", 200, "Content-Type: text/css; charset=utf-8\r\n" },
	{ "GET", "/dashboard/icon.svg", 200, "Content-Type: image/svg+xml\r\n" },
	{ "GET", "/dashboard/vendor/uplot.LICENSE.txt", 200, "The MIT License" },
	{ "GET", "/dashboard/page.js", 200,
		"require-trusted-types-for 'script'; trusted-types 'none'\r\n" },
	{ "GET", "/v1/key", 200, "{\"scope\":\"admin\",\"streams\":[]}" },
	{ "GET", "/v1/system", 200, "\"volumes\":[{\"stream\":\"news\",\"source\":" },
	{ "GET", "/dashboard/index.txt", 404, "urn:bounced:problem:not-found" },
	{ "GET", "/dashboard/..%2Findex.html", 404, "urn:bounced:problem:not-found" },
	{ "GET", "/dashboard/page.js?v=1", 400, "\"parameter\":\"v\"" },
	{ "DELETE", "/v1/domains", 405, "Allow: GET, HEAD\r\n" },
	{ "PUT", "/v1/volumes", 405, "Allow: POST, GET, HEAD, DELETE\r\n" },
	{ "OPTIONS", "/v1/volumes", 405, "Allow: POST, GET, HEAD, DELETE\r\n" },
	{ "DELETE", "/v1/volumes?from=2021-01-01", 400, "both from and to" },
	{ "GET", "/v1/volumes?cursor=AAAA", 400, "\"parameter\":\"cursor\"" },
	{ "GET", "/v1/domains?proof=maybe", 400, "unbound" },
	{ "GET", "/v1/domains?mature=1", 400, "true or false" },
	{ "GET", "/v1/domains?limit=", 400, "\"parameter\":\"limit\"" },
	{ "GET", "/v1/domains/a..example", 400, "\"parameter\":\"domain\"" },
	{ "GET", "/v1/domains/ann@example.com", 400, "\"parameter\":\"domain\"" },
	{ "GET", "/v1/recipients/foo", 400, "\"parameter\":\"address\"" },
	{ "GET", "/v1/suppressions/foo", 400, "\"parameter\":\"address\"" },
	{ "PUT", "/v1/suppressions/foo", 400, "\"parameter\":\"address\"" },
	{ "DELETE", "/v1/suppressions/foo", 400, "\"parameter\":\"address\"" },
	{ "GET", "/v1/events?recipient=foo", 400, "\"parameter\":\"recipient\"" },
	{ "GET", "/v1/events?domain=a%20b", 400, "\"parameter\":\"domain\"" },
	{ "GET", "/v1/reasons?" WINDOW "&domain=A.Example.", 200, "\"domain\":\"a.example\"" },
	{ "GET", "/v1/domains/B%C3%BCcher.Example.?" WINDOW, 200,
		"\"domain\":\"xn--bcher-kva.example\"" },
	{ "POST", "/v1/volumes", 415, "application/json" },
	{ "GET", "/healthz", 200, "{\"status\":\"ok\"}" },
	{ "GET", "/readyz", 200, "{\"status\":\"ready\"}" },
	{ "GET", "http://127.0.0.1/healthz", 200, "ok" },
	{ "GET", "http://evil.example/healthz", 421, "misdirected" },
};

START_TEST(requests)
{
	struct http_reply *reply =
		http_send(port, request_cases[_i].method, request_cases[_i].target, "", NULL, 0);

	ck_status(reply, request_cases[_i].status);
	ck_has(reply, request_cases[_i].has);
	if (reply->status >= 400)
		ck_has(reply, "Content-Type: application/problem+json\r\n");
}
END_TEST

START_TEST(head_has_no_body)
{
	struct http_reply *reply = http_send(port, "HEAD", "/healthz", "", NULL, 0);

	ck_status(reply, 200);
	ck_has(reply, "Content-Length: 16\r\n");
	ck_assert_ptr_null(strstr(reply->text, "{"));
}
END_TEST

START_TEST(bodies_end_at_their_limit)
{
	char *body = malloc(LIMIT_HTTP_BODY_BYTES + 1);
	const char *json = "Content-Type: application/json; charset=utf-8\r\n";

	memset(body, ' ', LIMIT_HTTP_BODY_BYTES + 1);
	memcpy(body, "{\"volumes\":[]}", 14);
	ck_status(http_send(port, "POST", "/v1/volumes", json, body, LIMIT_HTTP_BODY_BYTES), 200);
	ck_status(
		http_send(port, "POST", "/v1/volumes", json, body, LIMIT_HTTP_BODY_BYTES + 1), 413);
	free(body);
}
END_TEST

/* The answer comes to a client that sends the whole of a body that is too large, and the connection
 * lives; one beyond that is answered at once. */
START_TEST(refused_bodies_are_read_to_their_end)
{
	static const size_t sizes[] = { LIMIT_HTTP_BODY_BYTES + 1, LIMIT_HTTP_WASTE_BYTES };
	static struct http_reply reply;
	char *body = calloc(1, LIMIT_HTTP_WASTE_BYTES), head[300];
	const char *next = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		int fd = http_connect(port);
		int n = snprintf(head, sizeof head,
			"POST /v1/volumes HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
			"application/json\r\nContent-Length: %zu\r\n\r\n",
			sizes[i]);

		http_write(fd, head, (size_t)n);
		http_write(fd, body, sizes[i]);
		http_write(fd, next, strlen(next));
		http_read(fd, &reply);
		close(fd);
		ck_status(&reply, 413);
		ck_has(&reply, "{\"status\":\"ok\"}");
	}
	snprintf(head, sizeof head, "Content-Type: application/json\r\nContent-Length: %u\r\n",
		LIMIT_HTTP_WASTE_BYTES + 1);
	ck_status(http_send(port, "POST", "/v1/volumes", head, NULL, 0), 413);
	ck_status(http_send(port, "POST", "/v1/volumes",
			  "Content-Type: application/json\r\nExpect: 100-continue\r\n"
			  "Content-Length: 2000000\r\n",
			  NULL, 0),
		413);
	free(body);
}
END_TEST

/* A body in chunks says its length only by its end. */
START_TEST(chunked_bodies_end_at_their_limit)
{
	const size_t sizes[] = { 14, LIMIT_HTTP_BODY_BYTES, LIMIT_HTTP_BODY_BYTES + 1 };
	const int statuses[] = { 200, 200, 413 };
	char *request = malloc(LIMIT_HTTP_BODY_BYTES + 1000);

	for (size_t i = 0; i < 3; i++) {
		int n = sprintf(request,
			"POST /v1/volumes HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
			"Content-Type: application/json\r\nTransfer-Encoding: "
			"chunked\r\n\r\n%zx\r\n",
			sizes[i]);
		size_t at = (size_t)n;

		memset(request + at, ' ', sizes[i]);
		memcpy(request + at, "{\"volumes\":[]}", 14);
		at += sizes[i];
		memcpy(request + at, "\r\n0\r\n\r\n", 7);
		ck_status(http_raw(port, request, at + 7), statuses[i]);
	}
	free(request);
}
END_TEST

static const struct {
	const char *fields;
	int status;
} framing_cases[] = {
	{ "Host: localhost\r\nContent-Length: 2\r\nContent-Length: 2\r\n", 400 },
	{ "Host: localhost\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n", 400 },
	{ "Host: localhost\r\nHost: localhost\r\n", 400 },
	{ "Host: localhost\r\nContent-Length: 2\r\nX: a\rb\r\n", 400 },
	{ "Host: localhost\r\nContent-Length: 2\r\nX: a\r\r\n", 400 },
	{ "Host: localhost\r\nContent-Length: 2\r\nX\rY: a\r\n", 400 },
	{ "Host: localhost\r\nContent-Length: 2\r\nX : a\r\n", 400 },
	{ "Host: localhost\r\nContent-Length: 2\r\nX\tY: a\r\n", 400 },
	{ "Host: localhost\r\nContent-Length: 2\r\nX: a\x7F\r\n", 400 },
	{ "Host: localhost\r\nContent-Length: 2\r\nX: a\x1B[0m\r\n", 400 },
	{ "Host: evil.example\r\n", 421 },
	{ "Host: localhost.evil.example\r\n", 421 },
};

START_TEST(framing_that_two_readers_may_read_in_two_ways)
{
	char request[500];
	int n = snprintf(request, sizeof request,
		"POST /v1/volumes HTTP/1.1\r\nConnection: close\r\nContent-Type: "
		"application/json\r\n%s\r\n{}",
		framing_cases[_i].fields);
	struct http_reply *reply = http_raw(port, request, (size_t)n);

	ck_status(reply, framing_cases[_i].status);
}
END_TEST

START_TEST(header_memory_is_bounded)
{
	char *fields = malloc(2 * LIMIT_HTTP_HEADER_BYTES);
	struct http_reply *reply;

	memset(fields, 'x', 2 * LIMIT_HTTP_HEADER_BYTES);
	memcpy(fields, "X-Long: ", 8);
	memcpy(fields + 2 * LIMIT_HTTP_HEADER_BYTES - 3, "\r\n", 3);
	reply = http_send(port, "GET", "/healthz", fields, NULL, 0);
	ck_assert_msg(reply->status == 0 || reply->status >= 400, "%d", reply->status);
	ck_status(http_get(port, "/healthz"), 200);
	free(fields);
}
END_TEST

START_TEST(several_requests_on_one_connection)
{
	static struct http_reply reply;
	int fd = http_connect(port);
	const char *three = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
			    "GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n"
			    "GET /readyz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

	http_write(fd, three, strlen(three));
	http_read(fd, &reply);
	close(fd);
	ck_has(&reply, "\"status\":\"ok\"");
	ck_has(&reply, "\"status\":404");
	ck_has(&reply, "\"status\":\"ready\"");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api");
	TCase *tests = tcase_create("api");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, domains_with_rates);
	tcase_add_test(tests, windows_are_whole_hours);
	tcase_add_test(tests, pages);
	tcase_add_loop_test(tests, a_cursor_belongs_to_its_query, 0, ARRAY_LEN(cursor_cases));
	tcase_add_test(tests, one_domain);
	tcase_add_test(tests, bodies_that_are_no_json);
	tcase_add_test(tests, events_and_one_event);
	tcase_add_loop_test(tests, requests, 0, ARRAY_LEN(request_cases));
	tcase_add_test(tests, head_has_no_body);
	tcase_add_test(tests, bodies_end_at_their_limit);
	tcase_add_test(tests, refused_bodies_are_read_to_their_end);
	tcase_add_test(tests, chunked_bodies_end_at_their_limit);
	tcase_add_loop_test(
		tests, framing_that_two_readers_may_read_in_two_ways, 0, ARRAY_LEN(framing_cases));
	tcase_add_test(tests, header_memory_is_bounded);
	tcase_add_test(tests, several_requests_on_one_connection);
	suite_add_tcase(suite, tests);
	return run_api_suite(suite);
}
