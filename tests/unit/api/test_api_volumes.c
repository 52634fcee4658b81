// links: api store
// Check program of volumes over real HTTP: their three forms, lists, what is refused; and of windows.
#define _GNU_SOURCE
#include "tests/support/api_fixture.h"

/* A day of its own, long gone: a time to come is not believed. */
#define VOLUME_DAY "from=2021-11-18T00:00:00Z&to=2021-11-19T00:00:00Z"

static const struct {
	const char *type, *body;
	int stored;
	const char *has; /* of the list, by source */
} volume_cases[] = {
	{ "application/json",
		"{\"volumes\":[{\"hour\":\"2021-11-18T13:00:00+01:00\",\"stream\":\"shop\","
		"\"domain\":\"V.Example.\",\"attempted\":4,\"source\":\"s0\"}]}",
		1,
		"{\"at\":\"2021-11-18T12:00:00Z\",\"minutes\":60,\"domain\":\"v.example\","
		"\"stream\":"
		"\"shop\",\"campaign\":null,\"source\":\"s0\",\"attempted\":4,\"accepted\":null,"
		"\"deferred\":null}" },
	{ "application/x-ndjson",
		"{\"quarter\":\"2021-11-18T12:15:00Z\",\"domain\":\"v.example\",\"attempted\":4,"
		"\"accepted\":3,\"deferred\":0,\"source\":\"s1\"}\n\n",
		1,
		"\"at\":\"2021-11-18T12:15:00Z\",\"minutes\":15,\"domain\":\"v.example\","
		"\"stream\":"
		"\"default\",\"campaign\":null,\"source\":\"s1\",\"attempted\":4,\"accepted\":3,"
		"\"deferred\":0}" },
	{ "text/csv; header=present",
		"hour,domain,attempted,accepted,campaign,source\r\n"
		"2021-11-18T12:00:00Z,v.example,9007199254740992,,\"a, \"\"b\"\"\",s2\r\n"
		"2021-11-18T13:00:00Z,v.example,5,5,,s2",
		2,
		"\"campaign\":\"a, \\\"b\\\"\",\"source\":\"s2\",\"attempted\":9007199254740992,"
		"\"accepted\":null," },
	{ "text/csv", "hour,domain,attempted\n", 0, "\"volumes\":[]" },
};

START_TEST(volumes_are_taken_listed_and_deleted)
{
	char fields[100], wanted[40], target[200];
	struct http_reply *reply;

	snprintf(fields, sizeof fields, "Content-Type: %s\r\n", volume_cases[_i].type);
	reply = http_send(port, "POST", "/v1/volumes", fields, volume_cases[_i].body,
		strlen(volume_cases[_i].body));
	ck_status(reply, 200);
	snprintf(wanted, sizeof wanted, "{\"stored\":%d}", volume_cases[_i].stored);
	ck_has(reply, wanted);
	snprintf(target, sizeof target, "/v1/volumes?source=s%d&" VOLUME_DAY, _i);
	reply = http_get(port, target);
	ck_status(reply, 200);
	ck_has(reply, volume_cases[_i].has);
	reply = http_send(port, "DELETE", target, "", NULL, 0);
	ck_status(reply, 200);
	snprintf(wanted, sizeof wanted, "{\"deleted\":%d}", volume_cases[_i].stored);
	ck_has(reply, wanted);
	ck_has(http_get(port, target), "\"volumes\":[]");
}
END_TEST

START_TEST(volumes_come_in_pages)
{
	const char *body =
		"{\"volumes\":["
		"{\"hour\":\"2021-11-18T01:00:00Z\",\"domain\":\"p.example\",\"attempted\":1},"
		"{\"hour\":\"2021-11-18T02:00:00Z\",\"domain\":\"p.example\",\"attempted\":2}]}";
	struct http_reply *reply;
	char target[400], *cursor;

	ck_status(http_post(port, "/v1/volumes", body), 200);
	reply = http_get(port, "/v1/volumes?domain=p.example&limit=1&" VOLUME_DAY);
	ck_has(reply, "\"attempted\":1,");
	cursor = strstr(reply->text, "\"next_cursor\":\"");
	ck_assert_ptr_nonnull(cursor);
	cursor += strlen("\"next_cursor\":\"");
	*strchr(cursor, '"') = '\0';
	snprintf(target, sizeof target,
		"/v1/volumes?domain=p.example&limit=1&cursor=%s&" VOLUME_DAY, cursor);
	reply = http_get(port, target);
	ck_has(reply, "\"attempted\":2,");
	ck_has(reply, "\"next_cursor\":null");
	ck_status(
		http_send(port, "DELETE", "/v1/volumes?domain=p.example&" VOLUME_DAY, "", NULL, 0),
		200);
}
END_TEST

static const struct {
	const char *body, *type, *where;
} csv_cases[] = {
	{ "hour,domain\n\"2021", "malformed-csv", "line 2" },
	{ "hour,domain\n1,2,3\n", "malformed-csv", "line 2" },
	{ "hour,domain\n1,2\n1\n", "malformed-csv", "line 3" },
	{ "hour,domain\n\"1\"x,2\n", "malformed-csv", "line 2" },
	{ "hour,domain,hour\n", "malformed-csv", "line 1" },
	{ "hour,domain,attempted\n2021-11-18T12:00:00Z,a.example,many\n", "invalid-field",
		"/volumes/0/attempted" },
	{ "hour,domain,attempted\n2021-11-18T12:00:00Z,a.example,1\n"
	  "2021-11-18T12:00:00Z,a.example,1\n",
		"invalid-field", "\"pointer\":\"/volumes/1\"" },
};

START_TEST(csv_that_is_wrong)
{
	struct http_reply *reply = http_send(port, "POST", "/v1/volumes",
		"Content-Type: text/csv\r\n", csv_cases[_i].body, strlen(csv_cases[_i].body));

	ck_status(reply, 400);
	ck_has(reply, csv_cases[_i].type);
	ck_has(reply, csv_cases[_i].where);
}
END_TEST

/* From midnight to midnight, where it is longer than two days; the hours of a short one stay. */
START_TEST(long_windows_are_of_whole_days)
{
	ck_has(http_get(port, "/v1/streams?from=2026-11-16T10:00:00Z&to=2026-11-18T11:00:00Z"),
		"\"from\":\"2026-11-16T00:00:00Z\",\"to\":\"2026-11-19T00:00:00Z\"");
	ck_has(http_get(port, "/v1/streams?from=2026-11-16T10:00:00Z&to=2026-11-18T10:00:00Z"),
		"\"from\":\"2026-11-16T10:00:00Z\",\"to\":\"2026-11-18T10:00:00Z\"");
}
END_TEST

START_TEST(send_time_says_whether_it_is_mature)
{
	ck_has(http_get(port, "/v1/streams?basis=send&from=2021-11-16&to=2021-11-17"),
		"\"mature\":true");
	ck_has(http_get(port, "/v1/streams?basis=send&from=2021-11-16&to=9000-11-17"),
		"\"mature\":false");
	ck_has(http_get(port, "/v1/streams?from=2021-11-16&to=2021-11-17"), "\"mature\":null");
	ck_has(http_get(port,
		       "/v1/timeseries?basis=send&interval=month&from=9000-01-01&to=9000-02-01&"
		       "mature=true"),
		"\"parameter\":\"mature\"");
	ck_assert_ptr_null(strstr(
		http_get(port, "/v1/streams?basis=send&from=2021-11-16&to=9000-11-17&mature=true")
			->text,
		"9000"));
}
END_TEST

static const struct {
	const char *body, *type, *where;
} body_cases[] = {
	{ "", "malformed-json", "\"where\":\"line 1" },
	{ "{\"volumes\":[\n{]}", "malformed-json", "\"where\":\"line 2, column 2\"" },
	{ "{\"volumes\":[],\"volumes\":[]}", "malformed-json", "duplicate" },
	{ "[]", "invalid-field", "\"pointer\":\"/volumes\"" },
	{ "{\"volumes\":{}}", "invalid-field", "\"pointer\":\"/volumes\"" },
	{ "{\"volumes\":[],\"more\":1}", "invalid-field", "no other field" },
	{ "{\"volumes\":[1]}", "invalid-field", "\"pointer\":\"/volumes/0\"" },
	{ "{\"volumes\":[{\"domain\":\"a\",\"attempted\":1}]}", "invalid-field",
		"one of hour and quarter" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18\",\"quarter\":\"2021-11-18\",\"domain\":\"a\","
	  "\"attempted\":1}]}",
		"invalid-field", "one of hour and quarter" },
	{ "{\"volumes\":[{\"hour\":\"1999-12-31T23:00:00Z\",\"domain\":\"a\",\"attempted\":1}]}",
		"invalid-field", "\"pointer\":\"/volumes/0/hour\"" },
	{ "{\"volumes\":[{\"quarter\":\"9000-01-01T00:15:00Z\",\"domain\":\"a\",\"attempted\":1}]}",
		"invalid-field", "\"pointer\":\"/volumes/0/quarter\"" },
	{ "{\"volumes\":[{\"quarter\":\"2021-01-01T00:10:00Z\",\"domain\":\"a\",\"attempted\":1}]}",
		"invalid-field", "\"pointer\":\"/volumes/0/quarter\"" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18\",\"domain\":\"a\",\"attempted\":9007199254740993}]"
	  "}",
		"invalid-field", "2^53" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18\",\"domain\":\"a\",\"attempted\":1},{\"hour\":"
	  "\"2021-11-18T00:00:00Z\",\"domain\":\"A.\",\"attempted\":2}]}",
		"invalid-field", "as /volumes/0" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18T12:00:00Z\",\"domain\":\"a\",\"attempted\":1},"
	  "{\"hour\":\"2021-11-18T12:30:00Z\",\"domain\":\"a\",\"attempted\":1}]}",
		"invalid-field", "\"pointer\":\"/volumes/1/hour\"" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18\",\"domain\":\"\",\"attempted\":1}]}",
		"invalid-field", "\"pointer\":\"/volumes/0/domain\"" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18\",\"domain\":\"a b\",\"attempted\":1}]}",
		"invalid-field", "\"pointer\":\"/volumes/0/domain\"" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18\",\"domain\":\"a\",\"attempted\":\"1\"}]}",
		"invalid-field", "\"pointer\":\"/volumes/0/attempted\"" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18\",\"domain\":\"a\",\"attempted\":-1}]}",
		"invalid-field", "\"pointer\":\"/volumes/0/attempted\"" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18\",\"domain\":\"a\",\"attempted\":1.5}]}",
		"invalid-field", "\"pointer\":\"/volumes/0/attempted\"" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18\",\"domain\":\"a\",\"attempted\":1,\"stream\":null}"
	  "]}",
		"invalid-field", "\"pointer\":\"/volumes/0/stream\"" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18\",\"domain\":\"a\",\"attempted\":1,\"a/b~c\":2}]}",
		"invalid-field", "\"pointer\":\"/volumes/0/a~1b~0c\"" },
	{ "{\"volumes\":[{\"hour\":\"2021-11-18\",\"domain\":\"a\",\"attempted\":"
	  "99999999999999999999}]}",
		"invalid-field", "too large" },
};

START_TEST(bodies_that_are_wrong)
{
	struct http_reply *reply = http_post(port, "/v1/volumes", body_cases[_i].body);

	ck_status(reply, 400);
	ck_has(reply, "Content-Type: application/problem+json\r\n");
	ck_has(reply, body_cases[_i].type);
	ck_has(reply, body_cases[_i].where);
}
END_TEST

START_TEST(rows_end_at_their_limit)
{
	char *body = malloc((LIMIT_VOLUME_ROWS + 1) * 100);

	for (unsigned n = LIMIT_VOLUME_ROWS; n <= LIMIT_VOLUME_ROWS + 1; n++) {
		size_t at = (size_t)sprintf(body, "{\"volumes\":[");

		for (unsigned i = 0; i < n; i++) {
			if (i)
				body[at++] = ',';
			at += (size_t)sprintf(body + at,
				"{\"hour\":\"2021-11-18\",\"domain\":\"%u.rows.example\","
				"\"attempted\":1}",
				i);
		}
		sprintf(body + at, "]}");
		ck_status(http_post(port, "/v1/volumes", body), n > LIMIT_VOLUME_ROWS ? 400 : 200);
	}
	free(body);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api_volumes");
	TCase *tests = tcase_create("api");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(
		tests, volumes_are_taken_listed_and_deleted, 0, ARRAY_LEN(volume_cases));
	tcase_add_test(tests, volumes_come_in_pages);
	tcase_add_loop_test(tests, csv_that_is_wrong, 0, ARRAY_LEN(csv_cases));
	tcase_add_test(tests, long_windows_are_of_whole_days);
	tcase_add_test(tests, send_time_says_whether_it_is_mature);
	tcase_add_loop_test(tests, bodies_that_are_wrong, 0, ARRAY_LEN(body_cases));
	tcase_add_test(tests, rows_end_at_their_limit);
	suite_add_tcase(suite, tests);
	return run_api_suite(suite);
}
