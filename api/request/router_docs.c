#include "api/request/router_priv.h"

static const char intro[] =
	"# HTTP API\n"
	"\n"
	"This page is made from the program's table of routes; a test compares them.\n"
	"\n"
	"Answers are JSON in UTF-8 where nothing else is said, with `Cache-Control: no-store`. "
	"Unknown is `null`; a rate "
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
	"`/openapi.json` describes all of it for programs.\n"
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
	"(RFC 4180, with a header), as the Accept field says; otherwise 406. `next_cursor`, and in "
	"every form the\n"
	"field `Link: <...>; rel=\"next\"`, leads to the next page. A cell of a CSV that a "
	"spreadsheet would take for\n"
	"a formula begins with an apostrophe.\n"
	"\n"
	"## How to read the numbers\n"
	"\n"
	"- `failed` counts events with the outcome `failed`; `hard`, `soft` and `block` are its "
	"parts by class.\n"
	"- `attempted` is the sum of the volumes that were posted for the window, `null` without "
	"any.\n"
	"- `failure_rate` is failed / attempted over the hours for which the same stream and "
	"domain have a volume;\n"
	"  `hard_rate`, `soft_rate` and `block_rate` are its parts, `failure_rate_interval` is its "
	"Wilson score\n"
	"  interval of 95 %.\n"
	"- `coverage` is the share of the failures that fell in such hours; `null` without "
	"failures.\n"
	"- `flags`: `no_volume`: no rate, because nothing was attempted as far as we know; "
	"`over_attempted`: no\n"
	"  rate, because more failed than was attempted, so that hours or streams cannot match; "
	"`partly_covered`:\n"
	"  some failures fell in hours without a volume and are not in the rate.\n"
	"- `basis=event` counts a failure when its bounce arrived, `basis=send` when its mail was "
	"sent, by the Date\n"
	"  of the returned mail (not later than the arrival, not more than 30 days before it); "
	"bounces that return\n"
	"  no Date are not in the second.\n"
	"- The domain `\"\"` holds failures whose recipient could not be told.\n"
	"- `diagnostics` have numbers and addresses masked and count whole days (UTC) that the "
	"window touches, by\n"
	"  arrival.\n"
	"\n"
	"## Volumes\n"
	"\n"
	"`POST /v1/volumes` takes `application/json`, at most 10000 rows and 1 MiB:\n"
	"\n"
	"```json\n"
	"{\"volumes\":[{\"hour\":\"2026-11-23T10:00:00Z\",\"stream\":\"news\",\"campaign\":\"c1\","
	"\"domain\":\"example.com\",\n"
	" \"source\":\"mta1\",\"attempted\":1000}]}\n"
	"```\n"
	"\n"
	"`hour` (a whole hour), `domain` and `attempted` are required; `stream` is `default` where "
	"it is left out,\n"
	"`campaign` and `source` are empty. All but `attempted` is the key of a row: the same key "
	"again replaces,\n"
	"another source or campaign adds. All rows are stored, or none.\n";

static const char *const scope_texts[SCOPE_COUNT] = {
	[SCOPE_NONE] = "none (no key)",
	[SCOPE_READ] = "`read`",
	[SCOPE_WRITE] = "`write`",
	[SCOPE_ADMIN] = "`admin`",
};

static void put_params(struct buf *out, unsigned params)
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
	if (row->params)
		put_params(out, row->params);
	if (row->example)
		buf_printf(out, "\n```json\n%s\n```\n", row->example);
}

void router_docs(struct buf *out)
{
	buf_put(out, str_c(intro));
	buf_put(out, STR("\n## Routes\n"));
	for (int route = 0; route < ROUTE_COUNT; route++)
		put_route(out, router_row((enum route)route));
}
