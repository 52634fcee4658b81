#include "api/request/router_fields.h"
#include "api/request/router_priv.h"

static const char intro[] =
	"# HTTP API\n"
	"\n"
	"This page is made from the program's table of routes; a test compares them.\n"
	"\n"
	"Answers are JSON in UTF-8 where nothing else is said. Unknown is `null`; a rate "
	"without a\n"
	"denominator is `null`, never 0. Moments are RFC 3339 in UTC. Errors are\n"
	"`application/problem+json` (RFC 9457): `type`, `title`, `status`, `detail`, and, where "
	"one part of the\n"
	"request is meant, `parameter` (a query parameter), `pointer` (a field of the body, RFC "
	"6901) or\n"
	"`where` (line and column of the body). An unknown parameter, a parameter twice, or a "
	"value of the wrong\n"
	"type is an error. A `+` in a query is a plus; write a space as `%20`. HEAD works wherever "
	"GET does.\n"
	"\n"
	"`/openapi.json` describes all of it for programs; [answers.md](answers.md) has whole "
	"answers.\n"
	"\n"
	"## Keys\n"
	"\n"
	"Routes with a scope want a key: `Authorization: Bearer bk_...`. `bounced key create NAME "
	"--scope read`\n"
	"(or `write`, or `admin`; each holds those before it) prints one, once; the database has "
	"its SHA-256 alone.\n"
	"`bounced key list` shows prefixes, ends and last uses; `bounced key revoke PREFIX` ends a "
	"key, which servers\n"
	"know within 5 seconds. With `--stream news,shop` a key sees and writes these streams "
	"alone: where it has one,\n"
	"`stream=` is filled in, where it has more, the request names one. Without a good key: "
	"401; without the\n"
	"scope or the stream: 403; after ten bad keys in a minute from one address (IPv6: one "
	"/64): 429.\n"
	"\n"
	"No key is needed from this machine where `api.loopback_without_key` is on; the Host field "
	"must then name\n"
	"this machine.\n"
	"\n"
	"## Lists\n"
	"\n"
	"A list comes as `application/json`, as `application/x-ndjson` (the rows, one a line) or "
	"as `text/csv`\n"
	"(RFC 4180, with a header), as `format=` or the Accept field says; otherwise 406. "
	"`next_cursor`, and in every form\n"
	"the field `Link: <...>; rel=\"next\"`, leads to the next page; a cursor belongs to its "
	"query, and with another\n"
	"parameter than `limit` it is refused. A cell of a CSV that a spreadsheet would take for "
	"a formula begins with an\n"
	"apostrophe, except in a list of suppressions: an address is never changed.\n"
	"\n"
	"A domain may be written in either form of an international name, with or without the dot "
	"at its end; answers have\n"
	"the form of the DNS (`xn--`).\n"
	"\n"
	"## Asking often\n"
	"\n"
	"With `Accept-Encoding: gzip` answers come compressed, and a body may come with "
	"`Content-Encoding: gzip`: the\n"
	"limits of bodies hold for what is in it, and another coding is 415. With "
	"`api.key_requests_per_minute` a key that\n"
	"asks more often gets 429, and `Retry-After` says when to come back. Each answer to a GET "
	"has an `ETag`; "
	"sent back as\n"
	"`If-None-Match` it is answered with 304 and no body while the answer would say the same "
	"but for its `as_of`.\n"
	"Reports (counts and rates) say `Cache-Control: private, max-age=` with a third of "
	"`api.answer_age_s`, so that a\n"
	"dashboard may ask as often as it likes; all that may hold an address says `no-store`.\n"
	"\n"
	"## How to read the numbers\n"
	"\n"
	"- `failed` counts events with the outcome `failed`; `hard`, `soft` and `block` are its "
	"parts by class.\n"
	"  Several reports of one delivery (the same original message and recipient) count once, "
	"the strongest:\n"
	"  a failure before a delivery before a delay. All are kept; an event says `counts`.\n"
	"- `attempted` is the sum of the volumes of the window, `accepted` of what the next system "
	"took; `null`\n"
	"  without any.\n"
	"- `failure_rate` is failed / attempted over the days (UTC; in a series those of `tz`) on "
	"which the same\n"
	"  stream has a volume; `hard_rate`, `soft_rate` and `block_rate` are its parts, "
	"`failure_rate_interval` is its\n"
	"  Wilson score interval of 95 %. In a series of hours or quarters it is matched step by "
	"step, and flagged\n"
	"  `by_the_hour`: bounces come later than the mail that they are of.\n"
	"- `coverage` is the share of the failures that fell on such days; `null` without "
	"failures.\n"
	"- `flags`: `no_volume`: no rate, because nothing was attempted as far as we know; "
	"`not_covered`: no rate,\n"
	"  because no failure fell on a day with a volume; `over_attempted`: no rate, because more "
	"failed than was\n"
	"  attempted, so that times or streams cannot match; `partly_covered`: some failures fell "
	"on days without a\n"
	"  volume and are not in the rate; `volume_cut`: no rate, because only the hour of a "
	"volume is known, and a\n"
	"  step of the series ends within it: such a volume is not in `attempted`.\n"
	"- `basis=event` counts a failure when it happened: at the last attempt as the report has "
	"it, else at the\n"
	"  arrival of the report; of mail that was imported at its delivery then. `basis=send` "
	"counts it when its mail\n"
	"  was sent, by the Date of the returned mail, if that lies within the 30 days before. "
	"What is not known is\n"
	"  `null`, and in no count of that basis.\n"
	"- By `basis=send` the newest rates are too low, for bounces still come: `mature` says "
	"whether 72 hours have\n"
	"  gone by since the end; `mature=true` ends the window there.\n"
	"- `proof` of an event: `valid` (a signed return path, made for this recipient), `unbound` "
	"(for another\n"
	"  recipient: `token_recipient` of the event, where the mail names that address), "
	"`invalid` (forged or expired), `none`, or `log` (the sender's own log). Of "
	"a stream whose\n"
	"  return paths are signed, only `valid` and `log` count; `unproven` has the failures "
	"beside it, and `proof=`\n"
	"  shows the others; `forged_share` is `unproven` among all failures: 0 where no stream "
	"signs, "
	"`null`\n"
	"  where there are none or `proof` chooses some. One mail without a valid token adds at "
	"most "
	"`loader.unsigned_recipients` recipients.\n"
	"- `as_of`: what came by then is counted. An answer that took long to make may be given "
	"again for\n"
	"  `api.answer_age_s` seconds, and rankings of many domains are of days that were packed "
	"some seconds ago.\n"
	"- A window of more than 48 hours is of whole days; `from` and `to` say what was used.\n"
	"- The domain `\"\"` holds failures whose recipient could not be told.\n"
	"- `diagnostics` have numbers and addresses masked and count whole days (UTC) that the "
	"window touches, by\n"
	"  event time.\n"
	"\n"
	"## Volumes\n"
	"\n"
	"`POST /v1/volumes` takes `application/json`, `application/x-ndjson` (a row a line) or "
	"`text/csv` (with a\n"
	"header), at most 10000 rows and 1 MiB:\n"
	"\n"
	"```json\n"
	"{\"volumes\":[{\"hour\":\"2026-11-23T10:00:00Z\",\"stream\":\"news\",\"campaign\":\"c1\","
	"\"domain\":\"example.com\",\n"
	" \"source\":\"mta1\",\"attempted\":1000,\"accepted\":980}]}\n"
	"```\n"
	"\n"
	"`domain`, `attempted`, and `hour` (a whole hour) or `quarter` (the start of a quarter of "
	"an hour) are\n"
	"required, from the year 2000 to a day from now. `accepted` and `deferred` are numbers, "
	"too, each at most\n"
	"2^53. `stream` is `default` where it is left out, or the one stream of the key; "
	"`campaign` and `source` are\n"
	"empty. Time, stream, campaign, domain and source are the key of a row: the same key again "
	"replaces, another\n"
	"source or campaign adds; twice in one body it is refused. All rows are stored, or none.\n";

static const char *const scope_texts[SCOPE_COUNT] = {
	[SCOPE_NONE] = "none (no key)",
	[SCOPE_READ] = "`read`",
	[SCOPE_WRITE] = "`write`",
	[SCOPE_ADMIN] = "`admin`",
};

static void put_params(struct buf *out, uint64_t params)
{
	buf_put(out, STR("\n| parameter | |\n| --- | --- |\n"));
	for (int i = 0; i < PARAM_COUNT; i++)
		if (params & PARAM_BIT(i))
			buf_printf(out, "| `%.*s` | %s |\n", STR_ARG(param_name((enum param)i)),
				param_help((enum param)i));
}

static void put_route(struct buf *out, const struct route_row *row)
{
	buf_printf(out, "\n### %.*s %.*s\n\n%s\n\nScope: %s.\n",
		STR_ARG(router_method_name(row->method)), STR_ARG(row->path), row->help,
		scope_texts[row->scope]);
	if (row->schema) {
		buf_put(out, STR("\nAnswer: "));
		fields_link(row->schema, out);
		buf_put(out, STR(".\n"));
	}
	if (row->params)
		put_params(out, row->params);
	if (row->example)
		buf_printf(out, "\n```json\n%s\n```\n", row->example);
}

void router_docs(struct buf *out)
{
	json_t *schemas;

	buf_put(out, str_c(intro));
	buf_put(out, STR("\n## Routes\n"));
	for (int route = 0; route < ROUTE_COUNT; route++)
		put_route(out, router_row((enum route)route));
	buf_put(out, STR("\n## Fields\n"));
	schemas = router_schemas();
	fields_docs(schemas, out);
	json_decref(schemas);
}
