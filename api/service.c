#include "api/service.h"

#include "api/handle_priv.h"
#include "api/router.h"
#include "core/limits.h"

static handle_fn *const handlers[ROUTE_COUNT] = {
#define ROUTE(id, method, path, scope, handler, params, help, example) [ROUTE_##id] = handler,
#include "api/routes.def"
};

/* What a client is told of an error of the store. All others are PROBLEM_INTERNAL. */
static const struct {
	enum err err;
	enum problem problem;
	const char *detail;
	unsigned retry_after_s;
} store_problems[] = {
	{ ERR_UNAVAILABLE, PROBLEM_UNAVAILABLE, "try again in a few seconds", 2 },
	{ ERR_CONFLICT, PROBLEM_UNAVAILABLE, "two requests met; try again", 1 },
	{ ERR_TIMEOUT, PROBLEM_TOOK_TOO_LONG, "ask for a shorter window or fewer rows", 10 },
	{ ERR_UNSUPPORTED, PROBLEM_NOT_MIGRATED, "a table is missing: run bounced migrate", 10 },
	{ ERR_NOT_FOUND, PROBLEM_NOT_MIGRATED, "the schema is older: run bounced migrate", 10 },
	{ ERR_NEWER, PROBLEM_NOT_MIGRATED, "the database is newer than this program", 60 },
};

static void answer_store_error(struct answer *answer, enum err err)
{
	for (size_t i = 0; i < ARRAY_LEN(store_problems); i++) {
		if (store_problems[i].err != err)
			continue;
		answer_problem(answer, store_problems[i].problem, str_c(store_problems[i].detail),
			NULL, STR_EMPTY);
		answer->retry_after_s = store_problems[i].retry_after_s;
		return;
	}
	answer_problem(
		answer, PROBLEM_INTERNAL, STR("the database refused the query"), NULL, STR_EMPTY);
}

/* ---- checks; each returns true or makes an answer ---- */

bool service_host_is_loopback(struct str host)
{
	struct str name = host, port = STR_EMPTY;
	size_t bracket = str_chr(host, ']');

	if (str_starts(host, STR("[")) && bracket != STR_NPOS) {
		name = str_head(host, bracket + 1);
		port = str_skip(host, bracket + 1);
		if (port.n && port.p[0] != ':')
			return false;
		port = str_skip(port, 1);
	} else if (str_chr(host, ':') != STR_NPOS) {
		(void)str_cut(host, ':', &name, &port);
	}
	if (str_span(port, "0123456789") != port.n)
		return false;
	return str_ieq(name, STR("localhost")) || str_eq(name, STR("[::1]")) ||
	       (str_starts(name, STR("127.")) && str_span(name, "0123456789.") == name.n);
}

/* Without keys, a page of another site must not be able to ask through a browser and a DNS answer that
 * names this machine. */
static bool check_host(
	const struct service *service, const struct api_request *request, struct answer *answer)
{
	if (service->access != API_ACCESS_LOOPBACK || service_host_is_loopback(request->host))
		return true;
	answer_problem(answer, PROBLEM_MISDIRECTED,
		STR("without keys, only localhost, 127.x.x.x and [::1] are served"), NULL,
		STR_EMPTY);
	return false;
}

static bool check_target(struct handle *handle, struct route_match *ret_match)
{
	const struct api_request *request = handle->request;
	struct answer *answer = handle->answer;

	switch (router_match(handle->arena, request->method, request->path, ret_match)) {
	case ROUTE_FOUND:
		return true;
	case ROUTE_NO_METHOD:
		answer_problem(answer, PROBLEM_METHOD_NOT_ALLOWED,
			arena_printf(handle->arena, "this path takes %s", ret_match->allow), NULL,
			STR_EMPTY);
		answer->allow = ret_match->allow;
		return false;
	case ROUTE_MALFORMED:
		answer_problem(answer, PROBLEM_MALFORMED_TARGET,
			STR("a % without two hexadecimal digits, a NUL, or bytes that are not "
			    "UTF-8"),
			NULL, STR_EMPTY);
		return false;
	case ROUTE_NO_PATH:
		break;
	}
	answer_problem(answer, PROBLEM_NOT_FOUND, STR("no route has this path"), NULL, STR_EMPTY);
	return false;
}

static bool check_access(const struct service *service, enum route route, struct answer *answer)
{
	if (router_scope(route) == SCOPE_NONE || service->access == API_ACCESS_LOOPBACK)
		return true;
	answer_problem(answer, PROBLEM_UNAUTHORIZED, STR("send a key: Authorization: Bearer KEY"),
		NULL, STR_EMPTY);
	return false;
}

static bool check_query(struct handle *handle, enum route route)
{
	static const enum problem problems[] = {
		[QUERY_MALFORMED] = PROBLEM_MALFORMED_TARGET,
		[QUERY_UNKNOWN] = PROBLEM_UNKNOWN_PARAMETER,
		[QUERY_INVALID] = PROBLEM_INVALID_PARAMETER,
	};
	struct query_fault fault;
	enum query_result result = router_query(handle->arena, handle->request->query,
		router_params(route), &handle->values, &fault);

	if (result == QUERY_GOOD)
		return true;
	answer_problem(handle->answer, problems[result], fault.text,
		fault.name.n ? "parameter" : NULL, fault.name);
	return false;
}

/* RFC 9110 8.3: the type without its parameters; JSON is always UTF-8 (RFC 8259 8.1). */
static bool check_content_type(struct handle *handle)
{
	struct str type = handle->request->content_type, parameters;

	if (!str_eq(handle->request->method, STR("POST")))
		return true;
	(void)str_cut(type, ';', &type, &parameters);
	if (str_ieq(str_trim(type), STR("application/json")))
		return true;
	answer_problem(handle->answer, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
		STR("send Content-Type: application/json"), NULL, STR_EMPTY);
	return false;
}

static bool check_all(const struct service *service, struct handle *handle, enum route *ret_route)
{
	struct route_match match;

	if (!check_host(service, handle->request, handle->answer) ||
		!check_target(handle, &match) ||
		!check_access(service, match.route, handle->answer) ||
		!check_query(handle, match.route) || !check_content_type(handle))
		return false;
	handle->segment = match.segment;
	*ret_route = match.route;
	return true;
}

bool service_admit(
	const struct service *service, const struct api_request *request, struct answer *answer)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct handle handle = {
		.arena = arena, .service = service, .request = request, .answer = answer
	};
	enum route route;

	return check_all(service, &handle, &route);
}

/* ---- handling ---- */

/* A connection that was lost while nobody asked is no reason to fail a request: once, it is made anew.
 * Every route may be asked twice: reads, and volumes that replace. */
static enum err run_handler(
	const struct service *service, struct handle *handle, handle_fn *handler)
{
	enum err err = ERR_UNAVAILABLE;

	for (int attempt = 0; attempt < 2 && err == ERR_UNAVAILABLE; attempt++) {
		answer_reset(handle->answer);
		err = service->store(service->store_context, attempt > 0, &handle->store);
		if (err)
			return err;
		err = handler(handle);
	}
	return err;
}

enum err service_answer(
	const struct service *service, const struct api_request *request, struct answer *answer)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct handle handle = {
		.arena = arena, .service = service, .request = request, .answer = answer
	};
	enum route route;
	enum err err;

	if (!check_all(service, &handle, &route))
		return ERR_OK;
	if (!router_needs_store(route))
		return handlers[route](&handle);
	err = run_handler(service, &handle, handlers[route]);
	if (err)
		answer_store_error(answer, err);
	return err;
}
