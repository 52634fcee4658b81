/* api/request/router_priv.h -- the rows behind router.h, for router.c, router_query.c and router_docs.c. */
#pragma once
#include "api/request/router.h"

struct route_row {
	enum route_method method;
	struct str path;
	enum route_scope scope;
	enum route_needs needs;
	uint64_t params;
	enum route_body body;
	enum route_answer answer;
	const char *schema; /* NULL: none */
	const char *help, *example;
};
const struct route_row *router_row(enum route route);
struct str router_method_name(enum route_method method);
const char *param_help(enum param param);
/* A JSON Schema, as JSON. */
const char *param_schema(enum param param);
