/* api/request/router.h -- request targets against the table of routes.
 * Knows: routes.def, params.def, percent-encoding (RFC 3986 2.1). Does not know: sockets, the store, what
 * a handler does. Pure. Results live as long as the arena.
 * A "+" in a query is a plus, not a space: addresses and times have them. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

#include <jansson.h>

enum param {
#define PARAM(id, name, type, help) PARAM_##id,
#include "api/request/params.def"
	PARAM_COUNT
};
#define PARAM_BIT(param) (UINT64_C(1) << (param))

enum route {
#define ROUTE(id, ...) ROUTE_##id,
#include "api/request/routes.def"
	ROUTE_COUNT
};

enum route_method { ROUTE_GET, ROUTE_POST, ROUTE_PUT, ROUTE_DELETE, ROUTE_METHOD_COUNT };
/* Does the handler ask the database? One that does not answers while it is away. */
enum route_needs { NEEDS_NOTHING, NEEDS_STORE };
enum route_body {
	BODY_NONE,
	BODY_JSON,
	BODY_OPTION, /* JSON, or nothing at all */
	BODY_ROWS,
	BODY_MAIL,
	BODY_LISTING, /* addresses of another system */
	BODY_COUNT
};
enum route_answer {
	ANSWER_JSON,
	ANSWER_ACCEPTED, /* JSON with 202 */
	ANSWER_LIST,     /* JSON, NDJSON or CSV */
	ANSWER_MAIL,
	ANSWER_FILE, /* a list in one of many formats */
	ANSWER_METRICS,
	ANSWER_PAGE,
	ANSWER_COUNT
};
/* What a key must be good for; nothing below /v1 is NONE. */
enum route_scope { SCOPE_NONE, SCOPE_READ, SCOPE_WRITE, SCOPE_ADMIN, SCOPE_COUNT };

enum route_result { ROUTE_FOUND, ROUTE_NO_PATH, ROUTE_NO_METHOD, ROUTE_MALFORMED };
struct route_match {
	enum route route;
	struct str
		segment;  /* what stands for {name}, decoded: valid UTF-8 without NUL; else empty */
	struct str allow; /* of ROUTE_NO_METHOD, in the arena: "GET, HEAD" */
};

/* `method` as in the request line; HEAD is GET. `path` is raw, without the query. */
enum route_result router_match(
	struct arena *arena, struct str method, struct str path, struct route_match *ret_match);
enum route_scope router_scope(enum route route);
/* False for routes that answer while the database is away. */
bool router_needs_store(enum route route);
/* The media types that the route takes a body in; none: NULL. */
const char *const *router_body_types(enum route route);
bool router_body_may_be_empty(enum route route);
size_t router_body_bytes(enum route route);
enum route_answer router_answer(enum route route);
/* Has a good answer a tag, by which a client asks whether it still holds? */
bool router_is_tagged(enum route route);
/* "GET /v1/domains" in its two parts. */
struct str router_method(enum route route);
struct str router_path(enum route route);
/* PARAM_BIT of each parameter that the route knows. */
uint64_t router_params(enum route route);

/* Decoded and checked values; a text with an empty value is not there. Domains and addresses are in the form that
 * events have. */
struct param_values {
	uint64_t present;             /* PARAM_BIT of each */
	struct str text[PARAM_COUNT]; /* never empty where it is present */
	int64_t number[PARAM_COUNT];  /* microseconds, counts, or the value of an enum */
};

enum query_result { QUERY_GOOD, QUERY_MALFORMED, QUERY_UNKNOWN, QUERY_INVALID };
struct query_fault {
	struct str name; /* of the parameter; empty for QUERY_MALFORMED */
	struct str text; /* a sentence */
};
struct query_known {
	uint64_t params; /* PARAM_BIT of each that the route knows */
	int64_t now_us;  /* when it was asked: "7d" is before it */
};
/* Reads the raw query, without its "?". On anything but QUERY_GOOD `ret_fault` is written instead. */
enum query_result router_query(struct arena *arena, struct str query,
	const struct query_known *known, struct param_values *ret_values,
	struct query_fault *ret_fault);

/* "from", "to", ...: for messages. */
struct str param_name(enum param param);
/* The names of the known parameters, joined by ", "; "none" where there are none. */
struct str param_names(struct arena *arena, uint64_t known);

/* %XX decoded. False for a "%" without two hexadecimal digits, and for NUL or invalid UTF-8. */
bool percent_decode(struct arena *arena, struct str s, struct str *ret_text);

/* Appends the whole of docs/api.md. */
void router_docs(struct buf *out);
/* Appends the OpenAPI 3.1 document. */
void router_openapi(struct buf *out);
/* Its schemas, by name; the caller's. */
json_t *router_schemas(void);
