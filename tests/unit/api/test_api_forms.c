// links: api store
// Check program of the forms of an answer over real HTTP: JSON, NDJSON, CSV, orders, gaps.
#define _GNU_SOURCE
#include "tests/support/api_fixture.h"

#include <glib.h>
#include <zlib.h>

static const struct {
	const char *accept;
	int status;
	const char *type;
} accept_cases[] = {
	{ "", 200, "application/json" },
	{ "*/*", 200, "application/json" },
	{ "text/csv", 200, "text/csv" },
	{ "TEXT/CSV", 200, "text/csv" },
	{ "text/*", 200, "text/csv" },
	{ "application/*", 200, "application/json" },
	{ "application/x-ndjson", 200, "application/x-ndjson" },
	{ "application/json;q=0.5, text/csv", 200, "text/csv" },
	{ "application/json;q=0.5, text/csv;q=0.50", 200, "application/json" },
	{ "text/csv;q=0.001, application/json;q=0", 200, "text/csv" },
	{ "*/*;q=0.1, application/json;q=0", 200, "application/x-ndjson" },
	{ "text/html,application/xhtml+xml,*/*;q=0.8", 200, "application/json" },
	{ "application/json;q=0", 406, "application/problem+json" },
	{ "image/png", 406, "application/problem+json" },
	{ "text", 406, "application/problem+json" },
};

START_TEST(the_accept_field_decides)
{
	char fields[200], wanted[100];
	struct http_reply *reply;

	snprintf(fields, sizeof fields, "Accept: %s\r\n", accept_cases[_i].accept);
	snprintf(wanted, sizeof wanted, "Content-Type: %s", accept_cases[_i].type);
	reply = http_send(port, "GET", "/v1/reasons?" WINDOW, fields, NULL, 0);
	ck_status(reply, accept_cases[_i].status);
	ck_has(reply, wanted);
}
END_TEST

static const struct {
	const char *target, *has;
} form_cases[] = {
	{ "/v1/reasons?" WINDOW "&format=csv", "Content-Type: text/csv" },
	{ "/v1/reasons?" WINDOW "&format=csv", "\r\n\r\noutcome,reason," },
	{ "/v1/domains/a.example?" WINDOW "&format=csv", "\r\n\r\nat,attempted," },
	{ "/v1/domains/a.example?" WINDOW "&format=ndjson",
		"\r\n\r\n{\"at\":\"2026-11-18T12:00:00Z\"" },
	{ "/v1/domains?" WINDOW "&order=asc", "\"domains\":[{\"domain\":\"b.example\"" },
	{ "/v1/domains?" WINDOW "&sort=domain&order=desc",
		"\"domains\":[{\"domain\":\"b.example\"" },
	{ "/v1/domains?" WINDOW "&sort=failure_rate&order=asc",
		"\"domains\":[{\"domain\":\"a.example\"" },
	{ "/v1/reasons?" WINDOW "&domain=a.example&order=asc",
		"\"reasons\":[{\"outcome\":\"failed\",\"reason\":\"content.spam\"" },
	{ "/v1/timeseries?from=2026-11-18T11:00:00Z&to=2026-11-18T14:00:00Z",
		"\"points\":[{\"at\":\"2026-11-18T12:00:00Z\"" },
	{ "/v1/timeseries?from=2026-11-18T11:00:00Z&to=2026-11-18T14:00:00Z&fill=true",
		"\"points\":[{\"at\":\"2026-11-18T11:00:00Z\",\"mature\":null,\"attempted\":null" },
	{ "/v1/"
	  "timeseries?from=2026-11-18T11:00:00Z&to=2026-11-18T14:00:00Z&fill=true&order=desc",
		"\"points\":[{\"at\":\"2026-11-18T13:00:00Z\"" },
	{ "/v1/domains/a.example?from=2026-11-17&to=2026-11-20&step=day&fill=true",
		"\"series\":[{\"at\":\"2026-11-17T00:00:00Z\"" },
};

START_TEST(forms)
{
	struct http_reply *reply = http_get(port, form_cases[_i].target);

	ck_status(reply, 200);
	ck_has(reply, form_cases[_i].has);
}
END_TEST

START_TEST(events_in_both_orders)
{
	char first[40], last[40];
	unsigned n;

	for (int i = 0; i < 2; i++) {
		struct http_reply *reply = http_get(
			port, i ? "/v1/events?" WINDOW "&order=asc" : "/v1/events?" WINDOW);
		const char *at = strstr(reply->text, "{\"id\":\"");

		ck_status(reply, 200);
		ck_assert_ptr_nonnull(at);
		if (i)
			ck_assert(strncmp(at + 7, last, 36) == 0);
		snprintf(first, sizeof first, "%.36s", at + 7);
		while ((at = strstr(at + 1, "{\"id\":\"")))
			snprintf(last, sizeof last, "%.36s", at + 7);
	}
	ck_assert_str_ne(first, last);
	ck_assert_uint_eq(
		count_in_pages("/v1/events?" WINDOW "&limit=2&order=asc", "\"message_id\":", &n),
		7);
}
END_TEST

/* The value of a field of the header, in `room`. */
static void field_of(const struct http_reply *reply, const char *name, char room[static 100])
{
	const char *at = strstr(reply->text, name);

	ck_assert_msg(at != NULL, "%s: %.600s", name, reply->text);
	at += strlen(name);
	snprintf(room, 100, "%.*s", (int)strcspn(at, "\r"), at);
}

START_TEST(an_answer_that_the_client_has)
{
	struct http_reply *reply = http_get(port, "/v1/domains?" WINDOW);
	char etag[100], fields[400];

	ck_status(reply, 200);
	ck_has(reply, "Cache-Control: private, max-age=");
	field_of(reply, "ETag: ", etag);
	snprintf(fields, sizeof fields, "If-None-Match: \"x\", %s\r\n", etag);
	reply = http_send(port, "GET", "/v1/domains?" WINDOW, fields, NULL, 0);
	ck_status(reply, 304);
	ck_has(reply, etag);
	ck_assert_ptr_null(strstr(reply->text, "{"));
	/* Strong or weak, it is the same answer; another is not. */
	snprintf(fields, sizeof fields, "If-None-Match: %s\r\n", etag + 2);
	ck_status(http_send(port, "GET", "/v1/domains?" WINDOW, fields, NULL, 0), 304);
	ck_status(http_send(port, "GET", "/v1/domains?" WINDOW, "If-None-Match: *\r\n", NULL, 0),
		304);
	ck_status(http_send(port, "GET", "/v1/domains?" WINDOW "&order=asc", fields, NULL, 0), 200);
	ck_status(http_send(port, "GET", "/v1/domains?limit=x", fields, NULL, 0), 400);
	reply = http_get(port, "/v1/events?" WINDOW);
	ck_has(reply, "Cache-Control: no-store\r\n");
	reply = http_get(port, "/dashboard/page.js");
	ck_has(reply, "Cache-Control: no-cache\r\n");
	field_of(reply, "ETag: ", etag);
	snprintf(fields, sizeof fields, "If-None-Match: %s\r\n", etag);
	ck_status(http_send(port, "GET", "/dashboard/page.js", fields, NULL, 0), 304);
}
END_TEST

/* A name that says what is in it is kept for ever; one of before an update gets what there is, and is not kept. */
START_TEST(files_of_the_page_are_asked_for_once)
{
	char path[128];
	const char *mark = "src=\"", *at;
	struct http_reply *reply = http_get(port, "/");

	ck_has(reply, "Cache-Control: no-cache\r\n");
	at = strstr(reply->text, mark);
	ck_assert_ptr_nonnull(at);
	at += strlen(mark);
	snprintf(path, sizeof path, "%.*s", (int)strcspn(at, "\""), at);
	reply = http_get(port, path);
	ck_status(reply, 200);
	ck_has(reply, "Cache-Control: public, max-age=31536000, immutable\r\n");
	ck_has(reply, "Content-Type: text/javascript; charset=utf-8\r\n");
	reply = http_get(port, "/dashboard/page-0123456789abcdef.js");
	ck_status(reply, 200);
	ck_has(reply, "Cache-Control: no-cache\r\n");
	ck_status(http_get(port, "/dashboard/page-0123456789abcdeg.js"), 404);
	ck_status(http_get(port, "/dashboard/page-0123456789abcde.js"), 404);
	ck_status(http_get(port, "/dashboard/-0123456789abcdef.js"), 404);
}
END_TEST

/* Its script and its style stand in the HTML, and may run for being those: nothing else that stands there may. */
START_TEST(what_stands_in_the_page_is_named_by_its_policy)
{
	static const char *const tags[][2] = { { "<script>", "</script>" },
		{ "<style>", "</style>" } };
	struct http_reply *reply = http_get(port, "/");
	char named[80];

	ck_assert_ptr_null(strstr(reply->text, "unsafe-"));
	for (size_t i = 0; i < ARRAY_LEN(tags); i++) {
		const char *from = strstr(reply->text, tags[i][0]), *end;
		guint8 digest[32];
		gsize n = sizeof digest;
		GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
		char *text;

		ck_assert_ptr_nonnull(from);
		from += strlen(tags[i][0]);
		end = strstr(from, tags[i][1]);
		ck_assert_ptr_nonnull(end);
		g_checksum_update(sum, (const guchar *)from, end - from);
		g_checksum_get_digest(sum, digest, &n);
		text = g_base64_encode(digest, n);
		snprintf(named, sizeof named, "-src 'self' 'sha256-%s';", text);
		ck_has(reply, named);
		g_free(text);
		g_checksum_free(sum);
	}
}
END_TEST

static const struct {
	const char *fields;
	bool gzip;
} coding_cases[] = {
	{ "", false },
	{ "Accept-Encoding: gzip\r\n", true },
	{ "Accept-Encoding: br, GZIP;q=0.5\r\n", true },
	{ "Accept-Encoding: *\r\n", true },
	{ "Accept-Encoding: gzip;q=0, *\r\n", false },
	{ "Accept-Encoding: identity\r\n", false },
};

START_TEST(fewer_bytes_for_who_takes_them)
{
	static char whole[1 << 20], text[1 << 20];
	struct http_reply *reply = http_get(port, "/v1/events?" WINDOW "&limit=7");
	const char *body = strstr(reply->text, "\r\n\r\n") + 4;
	z_stream stream = { .next_out = (Bytef *)text, .avail_out = sizeof text };

	ck_assert_ptr_null(strstr(reply->text, "Content-Encoding"));
	snprintf(whole, sizeof whole, "%s", body);
	reply = http_send(
		port, "GET", "/v1/events?" WINDOW "&limit=7", coding_cases[_i].fields, NULL, 0);
	ck_status(reply, 200);
	ck_has(reply, "Vary: Accept, Accept-Encoding, Authorization\r\n");
	body = strstr(reply->text, "\r\n\r\n") + 4;
	if (!coding_cases[_i].gzip) {
		ck_assert_str_eq(body, whole);
		return;
	}
	ck_has(reply, "Content-Encoding: gzip\r\n");
	stream.next_in = (Bytef *)reply->text + (body - reply->text);
	stream.avail_in = (uInt)(reply->n - (size_t)(body - reply->text));
	ck_assert_int_eq(inflateInit2(&stream, 15 + 16), Z_OK);
	ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
	ck_assert_uint_lt(stream.total_in, stream.total_out / 2);
	ck_assert_str_eq(text, whole);
	inflateEnd(&stream);
	/* What is small stays as it is. */
	reply = http_send(port, "GET", "/healthz", coding_cases[_i].fields, NULL, 0);
	ck_assert_ptr_null(strstr(reply->text, "Content-Encoding"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api_forms");
	TCase *tests = tcase_create("api_forms");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, the_accept_field_decides, 0, ARRAY_LEN(accept_cases));
	tcase_add_loop_test(tests, forms, 0, ARRAY_LEN(form_cases));
	tcase_add_test(tests, events_in_both_orders);
	tcase_add_test(tests, an_answer_that_the_client_has);
	tcase_add_test(tests, files_of_the_page_are_asked_for_once);
	tcase_add_test(tests, what_stands_in_the_page_is_named_by_its_policy);
	tcase_add_loop_test(tests, fewer_bytes_for_who_takes_them, 0, ARRAY_LEN(coding_cases));
	suite_add_tcase(suite, tests);
	return run_api_suite(suite);
}
