// links: api
// Check program of the router: targets, parameters, the tables themselves, and docs/api.md.
#include "api/request/list.h"
#include "api/request/param_type.h"
#include "api/request/router.h"
#include "api/request/router_fields.h"
#include "api/service_check.h"
#include "core/limits.h"
#include "core/suppression.h"
#include "core/timestamp.h"
#include "store/overview.h"
#include "store/store.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *method, *path;
	enum route_result result;
	enum route route;
	const char *segment, *allow;
} match_cases[] = {
	{ "GET", "/v1/domains", ROUTE_FOUND, ROUTE_DOMAINS, "", NULL },
	{ "HEAD", "/v1/domains", ROUTE_FOUND, ROUTE_DOMAINS, "", NULL },
	{ "GET", "/v1/domains/", ROUTE_NO_PATH, 0, "", NULL },
	{ "GET", "/v1/domains/example.com", ROUTE_FOUND, ROUTE_DOMAIN, "example.com", NULL },
	{ "GET", "/v1/domains/a%2Fb", ROUTE_FOUND, ROUTE_DOMAIN, "a/b", NULL },
	{ "GET", "/v1/domains/a/b", ROUTE_NO_PATH, 0, "", NULL },
	{ "GET", "/v1/domains/%C3%A4.example", ROUTE_FOUND, ROUTE_DOMAIN, "\xC3\xA4.example",
		NULL },
	{ "GET", "/v1/domains/%", ROUTE_MALFORMED, 0, "", NULL },
	{ "GET", "/v1/domains/%4", ROUTE_MALFORMED, 0, "", NULL },
	{ "GET", "/v1/domains/%4g", ROUTE_MALFORMED, 0, "", NULL },
	{ "GET", "/v1/domains/%41", ROUTE_FOUND, ROUTE_DOMAIN, "A", NULL },
	{ "GET", "/v1/domains/%00", ROUTE_MALFORMED, 0, "", NULL },
	{ "GET", "/v1/domains/%C3", ROUTE_MALFORMED, 0, "", NULL },
	{ "GET", "/v1/%64omains", ROUTE_NO_PATH, 0, "", NULL },
	{ "GET", "/", ROUTE_FOUND, ROUTE_DASHBOARD, "", NULL },
	{ "GET", "/dashboard/main.js", ROUTE_FOUND, ROUTE_DASHBOARD_FILE, "main.js", NULL },
	{ "GET", "/dashboard/", ROUTE_NO_PATH, 0, "", NULL },
	{ "GET", "", ROUTE_NO_PATH, 0, "", NULL },
	{ "POST", "/v1/domains", ROUTE_NO_METHOD, 0, "", "GET, HEAD" },
	{ "PUT", "/v1/volumes", ROUTE_NO_METHOD, 0, "", "POST, GET, HEAD, DELETE" },
	{ "GET", "/v1/volumes", ROUTE_FOUND, ROUTE_VOLUMES_LIST, "", NULL },
	{ "get", "/v1/domains", ROUTE_NO_METHOD, 0, "", "GET, HEAD" },
	{ "POST", "/v1/volumes", ROUTE_FOUND, ROUTE_VOLUMES, "", NULL },
	{ "GET", "/v1/events/x", ROUTE_FOUND, ROUTE_EVENT, "x", NULL },
	{ "DELETE", "/v1/suppressions/a@b.example", ROUTE_FOUND, ROUTE_SUPPRESSION_DELETE,
		"a@b.example", NULL },
	{ "POST", "/v1/suppressions/check", ROUTE_FOUND, ROUTE_SUPPRESSIONS_CHECK, "", NULL },
	{ "POST", "/v1/suppressions/a@b.example", ROUTE_NO_METHOD, 0, "",
		"GET, HEAD, PUT, DELETE" },
	{ "GET", "/v1/messages/x/raw", ROUTE_FOUND, ROUTE_MESSAGE_RAW, "x", NULL },
	{ "GET", "/v1/messages//raw", ROUTE_NO_PATH, 0, "", NULL },
	{ "GET", "/v1/messages/raw", ROUTE_NO_PATH, 0, "", NULL },
	{ "GET", "/v1/messages/x/y/raw", ROUTE_NO_PATH, 0, "", NULL },
	{ "GET", "/v1/messages/x", ROUTE_NO_PATH, 0, "", NULL },
	{ "GET", "/v1/messages", ROUTE_NO_METHOD, 0, "", "POST" },
	{ "GET", "/healthz", ROUTE_FOUND, ROUTE_HEALTHZ, "", NULL },
	{ "GET", "/readyz", ROUTE_FOUND, ROUTE_READYZ, "", NULL },
};

START_TEST(targets)
{
	struct arena *arena = arena_new();
	struct route_match match;
	enum route_result result = router_match(
		arena, str_c(match_cases[_i].method), str_c(match_cases[_i].path), &match);

	ck_assert_msg(
		result == match_cases[_i].result, "%s: %d", match_cases[_i].path, (int)result);
	if (result == ROUTE_FOUND) {
		ck_assert_int_eq(match.route, match_cases[_i].route);
		ck_assert(str_eq(match.segment, str_c(match_cases[_i].segment)));
	}
	if (match_cases[_i].allow)
		ck_assert(str_eq(match.allow, str_c(match_cases[_i].allow)));
	arena_free(arena);
}
END_TEST

#define ALL_PARAMS (PARAM_BIT(PARAM_COUNT) - 1)
#define NOW        ((int64_t)1795003200 * TIMESTAMP_SECOND_US + 1) /* 2026-11-18T12:00:00.000001Z */
static const struct query_known all_params = { ALL_PARAMS, NOW };
static const struct {
	const char *query;
	enum query_result result;
	int param; /* whose number must be `number`; -1: none */
	int64_t number;
} query_cases[] = {
	{ "", QUERY_GOOD, -1, 0 },
	{ "limit=1", QUERY_GOOD, PARAM_LIMIT, 1 },
	{ "limit=1000", QUERY_GOOD, PARAM_LIMIT, 1000 },
	{ "limit=1001", QUERY_INVALID, -1, 0 },
	{ "limit=0", QUERY_INVALID, -1, 0 },
	{ "limit=-1", QUERY_INVALID, -1, 0 },
	{ "limit=1.5", QUERY_INVALID, -1, 0 },
	{ "limit=ten", QUERY_INVALID, -1, 0 },
	{ "limit", QUERY_INVALID, -1, 0 },
	{ "limit=", QUERY_INVALID, -1, 0 },
	{ "from=", QUERY_INVALID, -1, 0 },
	{ "class=", QUERY_INVALID, -1, 0 },
	{ "stream=", QUERY_GOOD, -1, 0 },
	{ "domain=", QUERY_GOOD, -1, 0 },
	{ "recipient=", QUERY_GOOD, -1, 0 },
	{ "from=7d", QUERY_GOOD, PARAM_FROM, NOW - 7 * TIMESTAMP_DAY_US },
	{ "from=24h", QUERY_GOOD, PARAM_FROM, NOW - TIMESTAMP_DAY_US },
	{ "to=90m", QUERY_GOOD, PARAM_TO, NOW - 90 * TIMESTAMP_MINUTE_US },
	{ "from=2w", QUERY_GOOD, PARAM_FROM, NOW - 14 * TIMESTAMP_DAY_US },
	{ "from=today", QUERY_GOOD, PARAM_FROM, NOW - 12 * TIMESTAMP_HOUR_US - 1 },
	{ "from=36525d", QUERY_GOOD, PARAM_FROM, NOW - 36525 * TIMESTAMP_DAY_US },
	{ "from=36526d", QUERY_INVALID, -1, 0 },
	{ "from=99999999999999999999d", QUERY_INVALID, -1, 0 },
	{ "from=d", QUERY_INVALID, -1, 0 },
	{ "from=-7d", QUERY_INVALID, -1, 0 },
	{ "from=7y", QUERY_INVALID, -1, 0 },
	{ "order=asc", QUERY_GOOD, PARAM_ORDER, ORDER_ASC },
	{ "order=desc", QUERY_GOOD, PARAM_ORDER, ORDER_DESC },
	{ "order=up", QUERY_INVALID, -1, 0 },
	{ "format=csv", QUERY_GOOD, PARAM_FORMAT, LIST_CSV },
	{ "format=json", QUERY_GOOD, PARAM_FORMAT, LIST_JSON },
	{ "format=xml", QUERY_INVALID, -1, 0 },
	{ "fill=true", QUERY_GOOD, PARAM_FILL, 1 },
	{ "fill=yes", QUERY_INVALID, -1, 0 },
	{ "domain=a..example", QUERY_INVALID, -1, 0 },
	{ "domain=http://a.example", QUERY_INVALID, -1, 0 },
	{ "limit=1&limit=2", QUERY_INVALID, -1, 0 },
	{ "&&limit=3&", QUERY_GOOD, PARAM_LIMIT, 3 },
	{ "l%69mit=%33", QUERY_GOOD, PARAM_LIMIT, 3 },
	{ "limits=3", QUERY_UNKNOWN, -1, 0 },
	{ "=3", QUERY_UNKNOWN, -1, 0 },
	{ "stream=%zz", QUERY_MALFORMED, -1, 0 },
	{ "stream=%00", QUERY_MALFORMED, -1, 0 },
	{ "min_attempted=9223372036854775807", QUERY_GOOD, PARAM_MIN_ATTEMPTED, INT64_MAX },
	{ "min_attempted=9223372036854775808", QUERY_INVALID, -1, 0 },
	{ "from=1970-01-01", QUERY_GOOD, PARAM_FROM, 0 },
	{ "from=1970-01-01T01:00:00+01:00", QUERY_GOOD, PARAM_FROM, 0 },
	{ "from=1970-01-01T01:00:00%2B01:00", QUERY_GOOD, PARAM_FROM, 0 },
	{ "from=yesterday", QUERY_INVALID, -1, 0 },
	{ "from=2026-02-30", QUERY_INVALID, -1, 0 },
	{ "sort=domain", QUERY_GOOD, PARAM_SORT, STORE_SORT_DOMAIN },
	{ "sort=size", QUERY_INVALID, -1, 0 },
	{ "basis=send", QUERY_GOOD, PARAM_BASIS, STORE_BASIS_SEND },
	{ "basis=sent", QUERY_INVALID, -1, 0 },
	{ "interval=15m", QUERY_GOOD, PARAM_INTERVAL, STORE_INTERVAL_15M },
	{ "interval=month", QUERY_GOOD, PARAM_INTERVAL, STORE_INTERVAL_MONTH },
	{ "interval=year", QUERY_INVALID, -1, 0 },
	{ "state=held", QUERY_GOOD, PARAM_STATE, SUPPRESSION_HELD },
	{ "state=gone", QUERY_INVALID, -1, 0 },
	{ "step=day", QUERY_GOOD, PARAM_STEP, STORE_STEP_DAY },
	{ "step=week", QUERY_INVALID, -1, 0 },
	{ "outcome=delayed", QUERY_GOOD, PARAM_OUTCOME, OUTCOME_DELAYED },
	{ "outcome=lost", QUERY_INVALID, -1, 0 },
	{ "class=block", QUERY_GOOD, PARAM_CLASS, CLASS_BLOCK },
	{ "kind=bounce", QUERY_GOOD, PARAM_KIND, KIND_BOUNCE },
	{ "reason=recipient.unknown", QUERY_GOOD, PARAM_REASON, REASON_RECIPIENT_UNKNOWN },
	{ "reason=recipient", QUERY_INVALID, -1, 0 },
};

START_TEST(queries)
{
	struct arena *arena = arena_new();
	struct param_values values = { 0 };
	struct query_fault fault = { STR_EMPTY, STR_EMPTY };
	enum query_result result =
		router_query(arena, str_c(query_cases[_i].query), &all_params, &values, &fault);

	ck_assert_msg(
		result == query_cases[_i].result, "%s: %d", query_cases[_i].query, (int)result);
	if (query_cases[_i].param >= 0) {
		ck_assert_uint_eq(values.present, PARAM_BIT(query_cases[_i].param));
		ck_assert_int_eq(values.number[query_cases[_i].param], query_cases[_i].number);
	}
	ck_assert(result == QUERY_GOOD || fault.text.n);
	arena_free(arena);
}
END_TEST

START_TEST(a_plus_is_a_plus)
{
	struct arena *arena = arena_new();
	struct param_values values;
	struct query_fault fault;

	ck_assert_int_eq(router_query(arena, STR("recipient=ann+news%40example.com"), &all_params,
				 &values, &fault),
		QUERY_GOOD);
	ck_assert(str_eq(values.text[PARAM_RECIPIENT], STR("ann+news@example.com")));
	arena_free(arena);
}
END_TEST

START_TEST(a_domain_is_in_one_form)
{
	struct arena *arena = arena_new();
	struct param_values values;
	struct query_fault fault;

	ck_assert_int_eq(router_query(arena, STR("domain=B%C3%9Ccher.Example."), &all_params,
				 &values, &fault),
		QUERY_GOOD);
	ck_assert(str_eq(values.text[PARAM_DOMAIN], STR("xn--bcher-kva.example")));
	arena_free(arena);
}
END_TEST

static const struct {
	const char *query, *says;
} large_cases[] = {
	{ "limit=1001", "too large: at most 1000" },
	{ "limit=99999999999999999999", "too large" },
	{ "min_attempted=9223372036854775808", "too large: at most 9223372036854775807" },
	{ "min_attempted=many", "wanted: a whole number" },
};

START_TEST(a_large_number_is_called_so)
{
	struct arena *arena = arena_new();
	struct param_values values;
	struct query_fault fault;

	ck_assert_int_eq(
		router_query(arena, str_c(large_cases[_i].query), &all_params, &values, &fault),
		QUERY_INVALID);
	ck_assert_msg(str_find(fault.text, str_c(large_cases[_i].says)) != STR_NPOS, "%.*s",
		STR_ARG(fault.text));
	arena_free(arena);
}
END_TEST

START_TEST(text_ends_at_its_limit)
{
	static char query[LIMIT_FIELD_TEXT_BYTES + 16];
	struct arena *arena = arena_new();
	struct param_values values;
	struct query_fault fault;

	memset(query, 'x', sizeof query);
	memcpy(query, "stream=", 7);
	ck_assert_int_eq(router_query(arena, str_from(query, 7 + LIMIT_FIELD_TEXT_BYTES),
				 &all_params, &values, &fault),
		QUERY_GOOD);
	ck_assert_int_eq(router_query(arena, str_from(query, 8 + LIMIT_FIELD_TEXT_BYTES),
				 &all_params, &values, &fault),
		QUERY_INVALID);
	arena_free(arena);
}
END_TEST

START_TEST(an_unknown_parameter_names_the_known)
{
	struct arena *arena = arena_new();
	struct param_values values;
	struct query_fault fault;

	const struct query_known known = { router_params(ROUTE_DOMAINS), NOW };

	ck_assert_int_eq(
		router_query(arena, STR("sort=failed&colour=red"), &known, &values, &fault),
		QUERY_UNKNOWN);
	ck_assert(str_eq(fault.name, STR("colour")));
	ck_assert_uint_ne(str_find(fault.text, STR("min_attempted")), STR_NPOS);
	ck_assert(str_eq(param_names(arena, 0), STR("none")));
	arena_free(arena);
}
END_TEST

START_TEST(routes_below_v1_have_a_scope)
{
	for (int route = 0; route < ROUTE_COUNT; route++)
		ck_assert(
			(router_scope((enum route)route) == SCOPE_NONE) ==
			(route == ROUTE_HEALTHZ || route == ROUTE_READYZ ||
				route == ROUTE_OPENAPI || route == ROUTE_DASHBOARD ||
				route == ROUTE_DASHBOARD_FILE || route == ROUTE_DASHBOARD_VENDOR));
	/* Two may share a name where no route has both. */
	for (int a = 0; a < PARAM_COUNT; a++)
		for (int b = 0; b < a; b++)
			for (int route = 0; route < ROUTE_COUNT; route++)
				ck_assert(!str_eq(param_name((enum param)a),
						  param_name((enum param)b)) ||
					  ~router_params((enum route)route) &
						  (PARAM_BIT(a) | PARAM_BIT(b)));
	for (int sort = 0; sort < STORE_SORT_COUNT; sort++)
		ck_assert_uint_gt(store_sort_name((enum store_sort)sort).n, 0);
}
END_TEST

static const struct {
	const char *host;
	bool loopback;
} host_cases[] = {
	{ "localhost", true },
	{ "LocalHost:8080", true },
	{ "127.0.0.1", true },
	{ "127.1.2.3:80", true },
	{ "[::1]", true },
	{ "[::1]:8080", true },
	{ "", false },
	{ "example.com", false },
	{ "127.0.0.1.example.com", false },
	{ "localhost.example.com", false },
	{ "localhost:80:80", false },
	{ "localhost:x", false },
	{ "[::1]x", false },
	{ "[::2]", false },
	{ "192.0.2.1", false },
};

START_TEST(hosts)
{
	ck_assert_msg(
		service_host_is_loopback(str_c(host_cases[_i].host)) == host_cases[_i].loopback,
		"%s", host_cases[_i].host);
}
END_TEST

/* Of answers and of bodies; a row that no schema has any more is one too many. */
START_TEST(every_field_has_a_meaning)
{
	struct buf missing = BUF_INIT(1 << 16);
	json_t *schemas = router_schemas();

	fields_missing(schemas, &missing);
	ck_assert_msg(!missing.n, "%.*s", STR_ARG(buf_str(&missing)));
	json_decref(schemas);
	buf_release(&missing);
}
END_TEST

/* `UPDATE_DOCS=1 test_router` writes the file anew. */
START_TEST(the_document_is_of_this_table)
{
	static char old[1 << 20];
	struct buf docs = BUF_INIT(1 << 20);
	FILE *file;
	size_t n;

	router_docs(&docs);
	ck_assert_int_eq(buf_check(&docs), ERR_OK);
	if (getenv("UPDATE_DOCS")) {
		file = fopen(TEST_SOURCE_DIR "/docs/api.md", "w");
		ck_assert_ptr_nonnull(file);
		ck_assert_uint_eq(fwrite(docs.p, 1, docs.n, file), docs.n);
		ck_assert_int_eq(fclose(file), 0);
	}
	file = fopen(TEST_SOURCE_DIR "/docs/api.md", "r");
	ck_assert_msg(file != NULL, "docs/api.md is missing: run UPDATE_DOCS=1 test_router");
	n = fread(old, 1, sizeof old, file);
	fclose(file);
	ck_assert_msg(str_eq(str_from(old, n), buf_str(&docs)),
		"docs/api.md is old: run UPDATE_DOCS=1 test_router");
	buf_release(&docs);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("router");
	TCase *tests = tcase_create("router");

	tcase_add_loop_test(tests, targets, 0, ARRAY_LEN(match_cases));
	tcase_add_loop_test(tests, queries, 0, ARRAY_LEN(query_cases));
	tcase_add_test(tests, a_plus_is_a_plus);
	tcase_add_test(tests, a_domain_is_in_one_form);
	tcase_add_loop_test(tests, a_large_number_is_called_so, 0, ARRAY_LEN(large_cases));
	tcase_add_test(tests, text_ends_at_its_limit);
	tcase_add_test(tests, an_unknown_parameter_names_the_known);
	tcase_add_test(tests, routes_below_v1_have_a_scope);
	tcase_add_loop_test(tests, hosts, 0, ARRAY_LEN(host_cases));
	tcase_add_test(tests, every_field_has_a_meaning);
	tcase_add_test(tests, the_document_is_of_this_table);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
