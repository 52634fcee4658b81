/* api/request/router_openapi.c -- the OpenAPI 3.1 document, from the tables of routes, parameters and problems, and
 * the schemas of answers in api/openapi/schemas.json. */
#include "api/request/answer.h"
#include "api/request/list.h"
#include "api/request/router_fields.h"
#include "api/request/router_priv.h"
#include "core/embedded.h"
#include "core/report.h"

#include <assert.h>
#include <string.h>

extern const struct embedded_file openapi_embedded[];

static const struct {
	unsigned status;
	const char *type, *title;
} problems[PROBLEM_COUNT] = {
#define PROBLEM(id, status, type, title)                                                           \
	[PROBLEM_##id] = { status, "urn:bounced:problem:" type, title },
#include "api/request/problems.def"
};

/* 405 is of a path, not of a method that it has. */
enum { NEVER_OF_A_ROUTE = 405 };

static void set(json_t *json, const char *key, json_t *take_value)
{
	json_object_set_new(json, key, take_value);
}

static json_t *text_of(struct str text)
{
	return json_stringn(text.p, text.n);
}

static json_t *reference(const char *kind, const char *name)
{
	return json_pack("{s:s++}", "$ref", "#/components/", kind, name);
}

/* Tables are ours: what does not parse is our bug. */
static json_t *from_text(const char *text)
{
	json_t *json = json_loads(text, 0, NULL);

	assert(json);
	return json;
}

static json_t *content(const char *type, json_t *take_schema)
{
	return json_pack("{s:{s:o}}", type, "schema", take_schema);
}

/* ---- answers ---- */

static json_t *list_content(const char *schema)
{
	json_t *json = content("application/json", reference("schemas/", schema));

	set(json, "application/x-ndjson",
		from_text("{\"schema\":{\"type\":\"string\",\"description\":"
			  "\"The rows of the JSON answer, one a line.\"}}"));
	set(json, "text/csv",
		from_text("{\"schema\":{\"type\":\"string\",\"description\":"
			  "\"The rows as RFC 4180, with a header.\"}}"));
	return json;
}

/* The types of suppress/list/format.def. */
static json_t *file_content(void)
{
	static const char *const types[] = { "text/csv", "text/plain", "application/json",
		"application/x-ndjson" };
	json_t *json = json_object();

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		set(json, types[i], from_text("{\"schema\":{\"type\":[\"string\",\"object\"]}}"));
	return json;
}

static json_t *answer_content(const struct route_row *row)
{
	switch (row->answer) {
	case ANSWER_LIST:
		return list_content(row->schema);
	case ANSWER_MAIL:
		return content("message/rfc822", from_text("{\"type\":\"string\"}"));
	case ANSWER_FILE:
		return file_content();
	case ANSWER_METRICS:
		return content("text/plain", from_text("{\"type\":\"string\"}"));
	case ANSWER_JSON:
	case ANSWER_ACCEPTED:
	case ANSWER_PAGE:
	case ANSWER_COUNT:
		break;
	}
	return content("application/json", reference("schemas/", row->schema));
}

static json_t *success(const struct route_row *row)
{
	json_t *json = json_object();

	set(json, "description", json_string(row->help));
	if (row->answer == ANSWER_LIST || row->answer == ANSWER_FILE)
		set(json, "headers",
			from_text("{\"Link\":{\"description\":\"The next page, rel=\\\"next\\\".\","
				  "\"schema\":{\"type\":\"string\"}}}"));
	set(json, "content", answer_content(row));
	return json;
}

/* Can a route answer with this status? */
static bool may_answer(const struct route_row *row, unsigned status)
{
	bool keyed = row->scope != SCOPE_NONE, body = row->body != BODY_NONE;

	switch (status) {
	case 401:
	case 403:
	case 429:
		return keyed;
	case 404:
		return str_chr(row->path, '{') != STR_NPOS;
	case NEVER_OF_A_ROUTE:
		return false;
	case 406:
		return row->answer == ANSWER_LIST;
	case 413:
	case 415:
		return body;
	case 422:
		return row->body == BODY_LISTING;
	case 503:
		return keyed || row->needs == NEEDS_STORE;
	default:
		return true;
	}
}

static json_t *problem_name(unsigned status)
{
	return json_sprintf("Problem%u", status);
}

static json_t *responses(enum route route, const struct route_row *row)
{
	json_t *json = json_object();

	if (router_is_tagged(route))
		set(json, "304",
			json_pack("{s:s}", "description",
				"The answer with the ETag that If-None-Match names still holds."));

	set(json, row->answer == ANSWER_ACCEPTED ? "202" : "200", success(row));
	for (size_t i = 0; i < PROBLEM_COUNT; i++) {
		json_t *status = json_sprintf("%u", problems[i].status);
		json_t *name = problem_name(problems[i].status);

		if (may_answer(row, problems[i].status))
			set(json, json_string_value(status),
				reference("responses/", json_string_value(name)));
		json_decref(status);
		json_decref(name);
	}
	return json;
}

/* One response for each status: the problems that have it. */
static json_t *problem_response(unsigned status)
{
	json_t *json = json_object(), *types = json_array(), *titles = json_array();
	json_t *description;

	for (size_t i = 0; i < PROBLEM_COUNT; i++) {
		if (problems[i].status != status)
			continue;
		json_array_append_new(types, json_string(problems[i].type));
		json_array_append_new(titles, json_string(problems[i].title));
	}
	description = json_sprintf("%s%s", json_string_value(json_array_get(titles, 0)),
		json_array_size(titles) > 1 ? ", or another of these problems." : ".");
	set(json, "description", description);
	set(json, "content",
		content("application/problem+json",
			json_pack("{s:[o,{s:{s:{s:o},s:{s:i}}}]}", "allOf",
				reference("schemas/", "Problem"), "properties", "type", "enum",
				types, "status", "const", (int)status)));
	json_decref(titles);
	if (status == 401)
		set(json, "headers",
			from_text("{\"WWW-Authenticate\":{\"schema\":{\"type\":\"string\"}}}"));
	return json;
}

static json_t *problem_responses(void)
{
	json_t *json = json_object();

	for (size_t i = 0; i < PROBLEM_COUNT; i++) {
		json_t *name = problem_name(problems[i].status);

		if (problems[i].status != NEVER_OF_A_ROUTE &&
			!json_object_get(json, json_string_value(name)))
			set(json, json_string_value(name), problem_response(problems[i].status));
		json_decref(name);
	}
	return json;
}

/* ---- requests ---- */

static json_t *parameters(const struct route_row *row)
{
	struct str name = row->path, rest;
	json_t *json = json_array();

	if (str_cut(row->path, '{', &name, &rest) && str_cut(rest, '}', &name, &rest))
		json_array_append_new(
			json, json_pack("{s:o,s:s,s:b,s:{s:s}}", "name", text_of(name), "in",
				      "path", "required", 1, "schema", "type", "string"));
	for (int i = 0; i < PARAM_COUNT; i++)
		if (row->params & PARAM_BIT(i))
			json_array_append_new(
				json, json_pack("{s:o,s:s,s:s,s:o}", "name",
					      text_of(param_name((enum param)i)), "in", "query",
					      "description", param_help((enum param)i), "schema",
					      from_text(param_schema((enum param)i))));
	return json;
}

static json_t *request_body(enum route route, const struct route_row *row)
{
	const char *const *types = router_body_types(route);
	json_t *media = json_object();

	for (size_t i = 0; types[i]; i++)
		set(media, types[i],
			strcmp(types[i], "application/json") == 0
				? json_pack("{s:o}", "schema",
					  json_pack("{s:s++}", "$ref", "#/components/schemas/",
						  row->schema, "Request"))
				: from_text("{\"schema\":{\"type\":\"string\"}}"));
	return json_pack(
		"{s:b,s:o}", "required", !router_body_may_be_empty(route), "content", media);
}

/* "GET /v1/domains/{domain}" becomes "get_v1_domains_domain". */
static json_t *operation_id(const struct route_row *row)
{
	struct buf id = BUF_INIT(200);
	struct str rest = row->path, word;
	json_t *json;

	for (size_t i = 0; i < router_method_name(row->method).n; i++)
		buf_putc(&id, ascii_lower(router_method_name(row->method).p[i]));
	while (str_next_word(&rest, "/{}.", &word))
		buf_printf(&id, "_%.*s", STR_ARG(word));
	json = text_of(buf_str(&id));
	buf_release(&id);
	return json;
}

static json_t *operation(enum route route, const struct route_row *row)
{
	json_t *json = json_object();

	set(json, "operationId", operation_id(row));
	set(json, "summary", json_string(row->help));
	set(json, "security", from_text(row->scope == SCOPE_NONE ? "[]" : "[{\"key\":[]},{}]"));
	if (row->scope != SCOPE_NONE)
		set(json, "x-scope",
			json_string(row->scope == SCOPE_READ    ? "read"
				    : row->scope == SCOPE_WRITE ? "write"
								: "admin"));
	set(json, "parameters", parameters(row));
	if (row->body != BODY_NONE)
		set(json, "requestBody", request_body(route, row));
	set(json, "responses", responses(route, row));
	return json;
}

static json_t *paths(void)
{
	json_t *json = json_object();

	for (int route = 0; route < ROUTE_COUNT; route++) {
		const struct route_row *row = router_row((enum route)route);
		struct str method = router_method_name(row->method);
		char name[16] = "";
		json_t *path;

		if (row->answer == ANSWER_PAGE)
			continue;
		for (size_t i = 0; i < method.n && i < sizeof name - 1; i++)
			name[i] = ascii_lower(method.p[i]);
		path = json_object_getn(json, row->path.p, row->path.n);
		if (!path) {
			path = json_object();
			json_object_setn_new(json, row->path.p, row->path.n, path);
		}
		set(path, name, operation((enum route)route, row));
	}
	return json;
}

/* The closed lists of words are core's. */
static void fill_names(
	json_t *components, const char *schema, int from, int to, struct str (*name)(int i))
{
	json_t *names = json_array();

	for (int i = from; i < to; i++)
		json_array_append_new(names, text_of(name(i)));
	set(json_object_get(json_object_get(components, "schemas"), schema), "enum", names);
}

static struct str nth_reason(int i)
{
	return reason_name((enum reason)i);
}

static struct str nth_outcome(int i)
{
	return outcome_name((enum outcome)i);
}

static struct str nth_kind(int i)
{
	return kind_name((enum kind)i);
}

static struct str nth_flaw(int i)
{
	return flaw_name((enum flaw)i);
}

static int put_bytes(const char *bytes, size_t n, void *context)
{
	struct buf *out = context;

	buf_put(out, str_from(bytes, n));
	return out->failed ? -1 : 0;
}

/* The schemas as they are written, and the words that are core's. */
static json_t *document(json_t **ret_components)
{
	json_t *json = from_text(openapi_embedded[0].bytes);
	json_t *components = json_object_get(json, "components");

	fill_names(components, "ReasonName", REASON_NONE + 1, REASON_COUNT, nth_reason);
	fill_names(components, "Outcome", 0, OUTCOME_COUNT, nth_outcome);
	fill_names(components, "Kind", 0, KIND_COUNT, nth_kind);
	fill_names(components, "Flaw", 0, FLAW_COUNT, nth_flaw);
	*ret_components = components;
	return json;
}

json_t *router_schemas(void)
{
	json_t *components, *json = document(&components);
	json_t *schemas = json_incref(json_object_get(components, "schemas"));

	json_decref(json);
	return schemas;
}

void router_openapi(struct buf *out)
{
	json_t *components, *json = document(&components);

	set(json, "paths", paths());
	fields_describe(json_object_get(components, "schemas"));
	set(components, "responses", problem_responses());
	if (json_dump_callback(json, put_bytes, out, JSON_INDENT(1) | JSON_REAL_PRECISION(6)))
		out->failed = true;
	buf_putc(out, '\n');
	json_decref(json);
}
