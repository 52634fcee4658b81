// links: api store
// Check program of the forms of an answer over real HTTP: JSON, NDJSON, CSV, orders, gaps.
#define _GNU_SOURCE
#include "tests/support/api_fixture.h"

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

int main(void)
{
	Suite *suite = suite_create("api_forms");
	TCase *tests = tcase_create("api_forms");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, the_accept_field_decides, 0, ARRAY_LEN(accept_cases));
	tcase_add_loop_test(tests, forms, 0, ARRAY_LEN(form_cases));
	tcase_add_test(tests, events_in_both_orders);
	suite_add_tcase(suite, tests);
	return run_api_suite(suite);
}
