#include "api/service_check.h"

#include "api/keyring_priv.h"
#include "api/request/router.h"
#include "core/limits.h"

#include <string.h>

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

void service_store_error(struct answer *answer, enum err err)
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
		if (request->preflight)
			answer->status = 204;
		else
			answer_problem(answer, PROBLEM_METHOD_NOT_ALLOWED,
				arena_printf(handle->arena, "this path takes %.*s",
					STR_ARG(ret_match->allow)),
				NULL, STR_EMPTY);
		memcpy(answer->allow, ret_match->allow.p, ret_match->allow.n);
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

static bool refuse(struct answer *answer, enum problem problem, struct str detail)
{
	answer_problem(answer, problem, detail, NULL, STR_EMPTY);
	return false;
}

bool service_bearer_key(struct str authorization, struct str *ret_key)
{
	struct str scheme, key;

	if (!str_cut(authorization, ' ', &scheme, &key) || !str_ieq(scheme, STR("Bearer")))
		return false;
	*ret_key = str_trim(key);
	return true;
}

static bool check_often(struct handle *handle, struct str key)
{
	const struct service *service = handle->service;
	unsigned wait_s = 0;

	if (keyring_count(service->keyring, key, handle->request->now_us,
		    service->key_requests_per_minute, &wait_s))
		return true;
	(void)refuse(handle->answer, PROBLEM_TOO_MANY_REQUESTS,
		arena_printf(handle->arena, "at most %u requests a minute of one key",
			service->key_requests_per_minute));
	handle->answer->retry_after_s = wait_s;
	return false;
}

static bool check_key(struct handle *handle, struct str key)
{
	struct answer *answer = handle->answer;

	switch (keyring_check(handle->service, handle->arena, key, handle->request, &handle->grant,
		&handle->check_err)) {
	case KEY_GOOD:
		return !handle->counts || check_often(handle, key);
	case KEY_UNCHECKED:
		service_store_error(answer, handle->check_err);
		return false;
	case KEY_TOO_MANY:
		(void)refuse(answer, PROBLEM_TOO_MANY_BAD_KEYS,
			STR("ten bad keys in a minute: wait for the next"));
		answer->retry_after_s = 60;
		return false;
	case KEY_BAD:
		break;
	}
	return refuse(answer, PROBLEM_UNAUTHORIZED, STR("the key is unknown, expired or revoked"));
}

/* A key that is sent is looked at, also where none is needed: who sends it wants its bounds. */
static bool check_access(struct handle *handle, enum route route)
{
	struct str authorization = handle->request->authorization, key;

	handle->grant = (struct key_grant){ SCOPE_ADMIN, STR_EMPTY };
	if (router_scope(route) == SCOPE_NONE)
		return true;
	if (!authorization.n && handle->service->access == API_ACCESS_LOOPBACK)
		return true;
	if (!service_bearer_key(authorization, &key))
		return refuse(handle->answer, PROBLEM_UNAUTHORIZED,
			STR("send a key: Authorization: Bearer KEY"));
	if (!check_key(handle, key))
		return false;
	if (handle->grant.scope >= router_scope(route))
		return true;
	return refuse(handle->answer, PROBLEM_FORBIDDEN,
		arena_printf(handle->arena, "the key has the scope %.*s, this route asks for %.*s",
			STR_ARG(key_scope_name(handle->grant.scope)),
			STR_ARG(key_scope_name(router_scope(route)))));
}

/* A key that is bound to streams names one of them; where there is but one, it need not. */
static bool check_streams(struct handle *handle, enum route route)
{
	struct param_values *values = &handle->values;
	struct str streams = handle->grant.streams;

	if (!streams.n || !(router_params(route) & PARAM_BIT(PARAM_STREAM)))
		return true;
	if (!has_param(handle, PARAM_STREAM) && str_chr(streams, ',') == STR_NPOS) {
		values->present |= PARAM_BIT(PARAM_STREAM);
		values->text[PARAM_STREAM] = streams;
	}
	if (has_param(handle, PARAM_STREAM) && handle_may_use(handle, values->text[PARAM_STREAM]))
		return true;
	return refuse(handle->answer, PROBLEM_FORBIDDEN,
		arena_printf(handle->arena,
			"the key is bound to streams: send stream= with one of %.*s",
			STR_ARG(streams)));
}

static bool check_query(struct handle *handle, enum route route)
{
	static const enum problem problems[] = {
		[QUERY_MALFORMED] = PROBLEM_MALFORMED_TARGET,
		[QUERY_UNKNOWN] = PROBLEM_UNKNOWN_PARAMETER,
		[QUERY_INVALID] = PROBLEM_INVALID_PARAMETER,
	};
	struct query_fault fault;
	const struct query_known known = { router_params(route), handle->request->now_us };
	enum query_result result = router_query(
		handle->arena, handle->request->query, &known, &handle->values, &fault);

	if (result == QUERY_GOOD)
		return true;
	answer_problem(handle->answer, problems[result], fault.text,
		fault.name.n ? "parameter" : NULL, fault.name);
	return false;
}

/* RFC 9110 8.3: the type without its parameters; JSON is always UTF-8 (RFC 8259 8.1). */
static bool check_content_type(struct handle *handle, enum route route)
{
	struct str type = handle->request->content_type, parameters;
	const char *const *types = router_body_types(route);

	if (!types ||
		(router_body_may_be_empty(route) && !handle->request->body.n && !str_trim(type).n))
		return true;
	(void)str_cut(type, ';', &type, &parameters);
	for (size_t i = 0; types[i]; i++)
		if (str_ieq(str_trim(type), str_c(types[i])))
			return true;
	return refuse(handle->answer, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
		arena_printf(handle->arena, "send Content-Type: %s", types[0]));
}

/* format= is for who can not set a field. */
static bool check_accept(struct handle *handle, enum route route)
{
	if (has_param(handle, PARAM_FORMAT)) {
		handle->format = (enum list_format)handle->values.number[PARAM_FORMAT];
		return true;
	}
	if (router_answer(route) != ANSWER_LIST ||
		list_format_choose(handle->request->accept, &handle->format))
		return true;
	return refuse(handle->answer, PROBLEM_NOT_ACCEPTABLE,
		STR("a list is application/json, application/x-ndjson or text/csv"));
}

bool service_check(struct handle *handle)
{
	struct route_match match;

	handle->route = ROUTE_COUNT;
	if (!check_host(handle->service, handle->request, handle->answer) ||
		!check_target(handle, &match))
		return false;
	handle->route = match.route;
	handle->segment = match.segment;
	return check_access(handle, match.route) && check_query(handle, match.route) &&
	       check_streams(handle, match.route) && check_content_type(handle, match.route) &&
	       check_accept(handle, match.route);
}
