#include "api/request/router.h"

#include "api/request/router_priv.h"
#include "core/limits.h"
#include "core/utf8.h"

#include <string.h>

#define P(id) PARAM_BIT(PARAM_##id)
/* Beside stream and domain. */
#define FILTERS                                                                                    \
	(P(ORG_DOMAIN) | P(PROVIDER) | P(REASON) | P(CLASS) | P(OUTCOME) | P(STATUS) |             \
		P(CAMPAIGN) | P(SOURCE) | P(REPORTING_MTA) | P(REMOTE_MTA))
static const struct route_row routes[ROUTE_COUNT] = {
#define ROUTE(                                                                                     \
	id, method, path, scope, needs, handler, params, body, answer, schema, help, example)      \
	[ROUTE_##id] = { ROUTE_##method, STR_INIT(path), SCOPE_##scope, NEEDS_##needs, params,     \
		BODY_##body, ANSWER_##answer, schema, help, example },
#include "api/request/routes.def"
};
#undef P
#undef FILTERS

static const struct {
	struct str name;
	const char *allow;
} methods[ROUTE_METHOD_COUNT] = {
	[ROUTE_GET] = { STR_INIT("GET"), "GET, HEAD" },
	[ROUTE_POST] = { STR_INIT("POST"), "POST" },
	[ROUTE_PUT] = { STR_INIT("PUT"), "PUT" },
	[ROUTE_DELETE] = { STR_INIT("DELETE"), "DELETE" },
};

static const struct {
	const char *types[6]; /* ended by NULL */
	size_t max_bytes;
} bodies[BODY_COUNT] = {
	[BODY_NONE] = { { NULL }, LIMIT_HTTP_BODY_BYTES },
	[BODY_JSON] = { { "application/json" }, LIMIT_HTTP_BODY_BYTES },
	[BODY_OPTION] = { { "application/json" }, LIMIT_HTTP_BODY_BYTES },
	[BODY_ROWS] = { { "application/json", "application/x-ndjson", "text/csv" },
		LIMIT_HTTP_BODY_BYTES },
	[BODY_MAIL] = { { "message/rfc822", "message/global", "application/octet-stream" },
		LIMIT_HTTP_MAIL_BYTES },
	[BODY_LISTING] = { { "text/csv", "text/plain", "application/json", "application/x-ndjson",
				   "application/octet-stream" },
		LIMIT_HTTP_IMPORT_BYTES },
};

const struct route_row *router_row(enum route route)
{
	return &routes[route];
}

struct str router_method_name(enum route_method method)
{
	return methods[method].name;
}

enum route_scope router_scope(enum route route)
{
	return routes[route].scope;
}

bool router_needs_store(enum route route)
{
	return routes[route].needs == NEEDS_STORE;
}

const char *const *router_body_types(enum route route)
{
	return routes[route].body == BODY_NONE ? NULL : bodies[routes[route].body].types;
}

bool router_body_may_be_empty(enum route route)
{
	return routes[route].body == BODY_OPTION;
}

size_t router_body_bytes(enum route route)
{
	return bodies[routes[route].body].max_bytes;
}

enum route_answer router_answer(enum route route)
{
	return routes[route].answer;
}

bool router_is_tagged(enum route route)
{
	return routes[route].method == ROUTE_GET && routes[route].answer != ANSWER_METRICS &&
	       route != ROUTE_HEALTHZ && route != ROUTE_READYZ;
}

struct str router_method(enum route route)
{
	return methods[routes[route].method].name;
}

struct str router_path(enum route route)
{
	return routes[route].path;
}

uint64_t router_params(enum route route)
{
	return routes[route].params;
}

/* ---- percent-encoding, RFC 3986 2.1 ---- */

static int hex_digit(char c)
{
	c = ascii_lower(c);
	if (ascii_digit(c))
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool percent_decode(struct arena *arena, struct str s, struct str *ret_text)
{
	char *out = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		int high = s.n - i > 2 ? hex_digit(s.p[i + 1]) : -1;
		int low = s.n - i > 2 ? hex_digit(s.p[i + 2]) : -1;

		if (s.p[i] != '%') {
			out[n++] = s.p[i];
			continue;
		}
		if (high < 0 || low < 0)
			return false;
		out[n++] = (char)(high * 16 + low);
		i += 2;
	}
	out[n] = '\0';
	if (!utf8_valid(str_from(out, n)))
		return false;
	*ret_text = str_from(out, n);
	return true;
}

/* ---- paths ---- */

/* Equal but for one {name}, whose raw text is written; an empty segment stands for nothing. */
static bool path_fits(struct str template, struct str path, struct str *ret_segment)
{
	size_t open = str_chr(template, '{');
	struct str behind, segment;

	*ret_segment = STR_EMPTY;
	if (open == STR_NPOS)
		return str_eq(template, path);
	behind = str_skip(template, str_chr(template, '}') + 1);
	if (!str_starts(path, str_head(template, open)))
		return false;
	segment = str_skip(path, open);
	if (segment.n <= behind.n || !str_ends(segment, behind))
		return false;
	segment.n -= behind.n;
	*ret_segment = segment;
	return str_chr(segment, '/') == STR_NPOS;
}

enum route_result router_match(
	struct arena *arena, struct str method, struct str path, struct route_match *ret_match)
{
	struct route_match match = { .allow = STR_EMPTY };
	struct str raw;

	if (str_eq(method, STR("HEAD")))
		method = STR("GET");
	for (size_t i = 0; i < ROUTE_COUNT; i++) {
		if (!path_fits(routes[i].path, path, &raw))
			continue;
		match.allow = arena_printf(arena, "%.*s%s%s", STR_ARG(match.allow),
			match.allow.n ? ", " : "", methods[routes[i].method].allow);
		if (!str_eq(method, methods[routes[i].method].name))
			continue;
		match.route = (enum route)i;
		if (!percent_decode(arena, raw, &match.segment))
			return ROUTE_MALFORMED;
		*ret_match = match;
		return ROUTE_FOUND;
	}
	*ret_match = match;
	return match.allow.n ? ROUTE_NO_METHOD : ROUTE_NO_PATH;
}
