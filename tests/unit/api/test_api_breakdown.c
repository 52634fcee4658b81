// links: api store
// Check program of counts by other words than the domain, and of filters, over real HTTP.
#define _GNU_SOURCE
#include "tests/support/api_fixture.h"

static const struct {
	const char *target;
	int status;
	const char *has;
} cases[] = {
	{ "/v1/providers?" WINDOW, 200,
		"\"by\":\"provider\",\"whole_since\":null,\"providers\":[{\"provider\":\"\","
		"\"attempted\":"
		"100,\"accepted\":null,\"failed\":7," },
	{ "/v1/providers?" WINDOW "&provider=google", 200, "\"providers\":[]" },
	{ "/v1/breakdown?" WINDOW "&by=org_domain", 200,
		"\"rows\":[{\"value\":\"a.example\",\"attempted\":100," },
	{ "/v1/breakdown?" WINDOW "&by=org_domain&sort=domain&order=desc", 200,
		"\"rows\":[{\"value\":\"b.example\"," },
	{ "/v1/breakdown?" WINDOW "&by=reason", 200,
		"\"rows\":[{\"value\":\"content.spam\",\"attempted\":null,\"accepted\":null,"
		"\"failed\":4," },
	{ "/v1/breakdown?" WINDOW "&by=reason&class=hard", 200,
		"\"rows\":[{\"value\":\"recipient.unknown\"," },
	{ "/v1/breakdown?" WINDOW "&by=reason&class=hard", 200,
		"\"filters\":{\"class\":\"hard\"},\"counted_from\":\"rollups\"" },
	{ "/v1/breakdown?" WINDOW "&by=class&format=csv", 200, "\r\n\r\nvalue,attempted," },
	{ "/v1/breakdown?" WINDOW "&by=status", 200, "\"rows\":[{\"value\":\"\"," },
	{ "/v1/breakdown?" WINDOW "&by=stream", 200,
		"\"rows\":[{\"value\":\"news\",\"attempted\":100," },
	{ "/v1/breakdown?" WINDOW "&by=source", 200, "\"rows\":[{\"value\":\"smtp\"," },
	{ "/v1/breakdown?" WINDOW, 400, "\"parameter\":\"by\"" },
	{ "/v1/breakdown?" WINDOW "&by=", 400, "\"parameter\":\"by\"" },
	{ "/v1/breakdown?" WINDOW "&by=colour", 400, "org_domain" },
	{ "/v1/overview?" WINDOW, 200,
		"\"domain\":null,\"attempted\":100,\"accepted\":null,\"failed\":7," },
	{ "/v1/overview?" WINDOW, 200, "\"failed\":0," },
	{ "/v1/overview?from=2026-11-19&to=2026-11-20", 200,
		"\"before\":{\"from\":\"2026-11-18T00:00:00Z\",\"to\":\"2026-11-19T00:00:00Z\","
		"\"attempted\":100,\"accepted\":null,\"failed\":7," },
	{ "/v1/overview?" WINDOW "&reason=content.spam", 200,
		"\"attempted\":100,\"accepted\":null,\"failed\":4," },
	{ "/v1/overview?" WINDOW "&domain=b.example", 200,
		"\"attempted\":null,\"accepted\":null,\"failed\":2," },
	{ "/v1/overview?" WINDOW "&stream=other", 200,
		"\"attempted\":null,\"accepted\":null,\"failed\":0," },
	{ "/v1/summary?" WINDOW "&reason=content.spam", 400, "\"parameter\":\"reason\"" },
	{ "/v1/summary?" WINDOW "&stream=other&interval=day", 200,
		"\"streams\":[{\"stream\":\"news\",\"attempted\":100," },
	{ "/v1/summary?" WINDOW "&interval=day", 200,
		"\"reasons\":[{\"reason\":\"content.spam\",\"points\":[{\"at\":" },
	{ "/v1/summary?" WINDOW "&stream=other&interval=day", 200, "\"reasons\":[]}" },
	{ "/v1/summary?from=2020-01-01&interval=15m", 400, "\"parameter\":\"interval\"" },
	{ "/v1/movers?from=2026-11-19&to=2026-11-20", 200, "\"difference\":-5," },
	{ "/v1/movers?from=2026-11-19&to=2026-11-20&stream=other", 200,
		"\"domains\":[],\"providers\":[]}" },
	/* Days are whole. */
	{ "/v1/providers?from=2026-11-18T11:00:00Z&to=2026-11-18T12:00:00Z", 200,
		"\"from\":\"2026-11-18T00:00:00Z\",\"to\":\"2026-11-19T00:00:00Z\"" },
	/* What no rollup has is counted from events, which has an end. */
	{ "/v1/breakdown?from=2020-01-01&to=2020-01-02&by=status&provider=google", 400,
		"each event is counted" },
	{ "/v1/domains?from=2020-01-01&to=2020-01-02&provider=google", 400,
		"\"parameter\":\"from\"" },
	{ "/v1/timeseries?from=2020-01-01&to=2020-01-02&interval=hour&provider=google", 400,
		"each event is counted" },
	{ "/v1/timeseries?from=2020-01-01&to=2020-01-02&interval=day&provider=google", 200,
		"\"counted_from\":\"rollups\"" },
	{ "/v1/timeseries?" WINDOW "&interval=hour&reason=content.spam", 200,
		"\"points\":[{\"at\":\"2026-11-18T12:00:00Z\",\"mature\":null,\"attempted\":100,"
		"\"accepted\":null,\"failed\":4," },
	{ "/v1/timeseries?" WINDOW "&interval=day&org_domain=B.example.", 200,
		"\"attempted\":null,\"accepted\":null,\"failed\":2," },
	{ "/v1/reasons?" WINDOW "&class=block", 200,
		"\"reasons\":[{\"outcome\":\"failed\",\"reason\":\"content.spam\",\"class\":"
		"\"block\","
		"\"count\":4," },
	{ "/v1/streams?" WINDOW "&reason=content.spam", 200,
		"\"streams\":[{\"stream\":\"news\",\"attempted\":100,\"accepted\":null,\"failed\":"
		"4," },
	{ "/v1/diagnostics?" WINDOW, 200,
		"\"diagnostics\":[{\"template\":\"550 5.1.1 <*>: "
		"\\\"unknown\\\"\",\"reason\":\"content.spam\","
		"\"class\":\"block\",\"count\":4,\"domains\":2,\"first_day\":\"2026-11-18T00:00:"
		"00Z\"" },
	{ "/v1/diagnostics?" WINDOW "&class=hard", 200,
		"\"reason\":\"recipient.unknown\",\"class\":\"hard\",\"count\":3" },
	{ "/v1/diagnostics?" WINDOW "&domain=b.example&format=csv", 200,
		"template,reason,class,count," },
	{ "/v1/diagnostics?" WINDOW "&reason=unknown.unclassified", 200, "\"diagnostics\":[]" },
	{ "/v1/recipients/ann+news@example.com", 200,
		"\"suppression\":{\"answer\":\"clear\",\"entry\":null}" },
	{ "/v1/events?" WINDOW "&status=5.1.1", 200, "\"events\":[]" },
	{ "/v1/events?" WINDOW "&status=5.1", 400, "\"parameter\":\"status\"" },
	{ "/v1/events?" WINDOW "&status=3.1.1", 400, "\"parameter\":\"status\"" },
	{ "/v1/events?" WINDOW "&org_domain=a.example", 200, "\"domain\":\"a.example\"" },
	{ "/v1/events?" WINDOW "&source=http", 200, "\"events\":[]" },
	{ "/v1/events?" WINDOW "&campaign=c1", 200, "\"events\":[]" },
	{ "/v1/events?" WINDOW "&message_id=x@y", 200, "\"events\":[]" },
};

START_TEST(answers)
{
	struct http_reply *reply = http_get(port, cases[_i].target);

	ck_status(reply, cases[_i].status);
	ck_has(reply, cases[_i].has);
}
END_TEST

START_TEST(pages_of_words)
{
	unsigned n;

	ck_assert_uint_eq(
		count_in_pages("/v1/breakdown?" WINDOW "&by=org_domain&limit=1", "\"value\":", &n),
		2);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(
		count_in_pages("/v1/diagnostics?" WINDOW "&limit=1", "\"template\":", &n), 2);
	ck_assert_uint_eq(n, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api_breakdown");
	TCase *tests = tcase_create("api_breakdown");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, answers, 0, ARRAY_LEN(cases));
	tcase_add_test(tests, pages_of_words);
	suite_add_tcase(suite, tests);
	return run_api_suite(suite);
}
