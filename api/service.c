#include "api/service.h"

#include "api/answer_cache.h"
#include "api/handle/handle.h"
#include "api/keyring_priv.h"
#include "api/request/metrics.h"
#include "api/request/router.h"
#include "core/limits.h"
#include "core/timestamp.h"
#include "store/store_access.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static handle_fn *const handlers[ROUTE_COUNT] = {
#define ROUTE(id, method, path, scope, needs, handler, ...) [ROUTE_##id] = handler,
#include "api/request/routes.def"
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

/* RFC 6750 2.1. False: another scheme, or no key. */
static bool bearer_key(struct str authorization, struct str *ret_key)
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
		answer_store_error(answer, handle->check_err);
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
	if (!bearer_key(authorization, &key))
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

/* *ret_route is ROUTE_COUNT until it is known. */
static bool check_all(struct handle *handle, enum route *ret_route)
{
	struct route_match match;

	*ret_route = ROUTE_COUNT;
	if (!check_host(handle->service, handle->request, handle->answer) ||
		!check_target(handle, &match))
		return false;
	*ret_route = match.route;
	handle->segment = match.segment;
	return check_access(handle, match.route) && check_query(handle, match.route) &&
	       check_streams(handle, match.route) && check_content_type(handle, match.route) &&
	       check_accept(handle, match.route);
}

size_t service_body_bytes(const struct api_request *request)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct route_match match;

	return router_match(arena, request->method, request->path, &match) == ROUTE_FOUND
		       ? router_body_bytes(match.route)
		       : LIMIT_HTTP_BODY_BYTES;
}

enum err service_admit(const struct service *service, const struct api_request *request,
	struct answer *answer, bool *ret_admitted)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct handle handle = {
		.arena = arena, .service = service, .request = request, .answer = answer
	};
	enum route route;

	*ret_admitted = check_all(&handle, &route);
	if (!*ret_admitted)
		metrics_count(service->metrics, route, answer->status);
	return handle.check_err;
}

/* ---- handling ---- */

/* Routes that call handle_changed: what they change and the note of it happen together. */
static bool is_noted(enum route route)
{
	static const enum route noted[] = { ROUTE_SUPPRESSION_PUT, ROUTE_SUPPRESSION_DELETE,
		ROUTE_SUPPRESSIONS_IMPORT, ROUTE_SUPPRESSIONS_UNDO, ROUTE_HOLD_RELEASE,
		ROUTE_HOLD_DISCARD };

	for (size_t i = 0; i < ARRAY_LEN(noted); i++)
		if (noted[i] == route)
			return true;
	return false;
}

static struct str who(const struct handle *handle)
{
	struct str key, prefix;

	if (!bearer_key(handle->request->authorization, &key) || !key_prefix(key, &prefix))
		return STR("loopback");
	return arena_printf(handle->arena, "key:%.*s", STR_ARG(prefix));
}

static enum err note_change(const struct handle *handle)
{
	const struct store_audit audit = { .at_us = handle->request->now_us,
		.who = who(handle),
		.action = str_c(handle->action),
		.subject = handle->subject,
		.address = handle->address,
		.n = handle->n_changed };

	return store_audit_add(handle->store, &audit);
}

static enum err run_noted(struct handle *handle, handle_fn *handler)
{
	enum err err = store_noted_begin(handle->store);

	if (err)
		return err;
	err = handler(handle);
	if (!err && handle->action)
		err = note_change(handle);
	err = store_noted_end(handle->store, err);
	if (err)
		handle->action = NULL; /* it did not happen */
	return err;
}

/* A connection that was lost while nobody asked is no reason to fail a request: once, it is made anew.
 * Every route that asks the store may be asked twice: reads, and writes that replace. */
static enum err run_handler(const struct service *service, struct handle *handle, enum route route)
{
	enum err err = ERR_UNAVAILABLE;

	for (int attempt = 0; attempt < 2 && err == ERR_UNAVAILABLE; attempt++) {
		answer_reset(handle->answer);
		handle->action = NULL;
		err = service->store(service->store_context, attempt > 0, &handle->store);
		if (err)
			return err;
		err = is_noted(route) ? run_noted(handle, handlers[route])
				      : handlers[route](handle);
		assert(!handle->action || is_noted(route));
	}
	return err;
}

static enum err ask_store(struct handle *handle, enum route route)
{
	enum err err = run_handler(handle->service, handle, route);

	if (err)
		answer_reset(handle->answer); /* what it said before its end failed */
	if (err)
		answer_store_error(handle->answer, err);
	return err;
}

/* Reports over a window, which may cost much. */
static bool is_report(enum route route)
{
	static const enum route reports[] = { ROUTE_DOMAINS, ROUTE_PROVIDERS, ROUTE_DIAGNOSTICS,
		ROUTE_BREAKDOWN, ROUTE_DOMAIN, ROUTE_TIMESERIES, ROUTE_REASONS, ROUTE_STREAMS,
		ROUTE_OVERVIEW };

	for (size_t i = 0; i < ARRAY_LEN(reports); i++)
		if (reports[i] == route)
			return true;
	return false;
}

static int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

/* All that an answer depends on: what was asked for, in which form, and what the key may see. */
static struct str cache_key(const struct handle *handle)
{
	return arena_printf(handle->arena, "%d %.*s\n%.*s?%.*s", (int)handle->format,
		STR_ARG(handle->grant.streams), STR_ARG(handle->request->path),
		STR_ARG(handle->request->query));
}

static enum err ask_cache(struct handle *handle, enum route route)
{
	struct cache *cache = handle->service->cache;
	struct str key = cache_key(handle);
	int64_t start_us = monotonic_us(), now_us;
	enum err err;

	if (cache_take(cache, key, start_us, handle->answer))
		return ERR_OK;
	err = ask_store(handle, route);
	now_us = monotonic_us();
	cache_done(cache, key, now_us, now_us - start_us, handle->answer);
	return err;
}

static enum err run(struct handle *handle, enum route route)
{
	if (!router_needs_store(route))
		return handlers[route](handle);
	return handle->service->cache && is_report(route) ? ask_cache(handle, route)
							  : ask_store(handle, route);
}

/* ---- what the client has already ---- */

static enum answer_keep keep_of(enum route route)
{
	if (is_report(route))
		return KEEP_SHORT;
	return router_answer(route) == ANSWER_PAGE || route == ROUTE_OPENAPI ? KEEP_ASK : KEEP_NOT;
}

/* RFC 9110 15.4.5: 304 has the fields that 200 would have, and no body. */
static void name_answer(struct handle *handle, enum route route)
{
	struct answer *answer = handle->answer;
	struct str etag;

	if (answer->status != 200 || !router_is_tagged(route))
		return;
	answer->keep = keep_of(route);
	answer->fresh_s = handle->service->fresh_s;
	etag = etag_make(buf_str(&answer->body), answer->etag);
	if (!etag_is_among(handle->request->if_none_match, etag))
		return;
	answer->status = 304;
	buf_reset(&answer->body);
}

/* ---- what is told of it ---- */

static void tell_log(const struct handle *handle, enum route route)
{
	struct answer *answer = handle->answer;

	answer->route = route;
	answer->action = handle->action;
	answer->n_changed = handle->n_changed;
	if (route < ROUTE_COUNT && router_scope(route) != SCOPE_NONE && answer->status != 401)
		snprintf(answer->who, sizeof answer->who, "%.*s", STR_ARG(who(handle)));
}

enum err service_answer(
	const struct service *service, const struct api_request *request, struct answer *answer)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct handle handle = { .arena = arena,
		.service = service,
		.request = request,
		.answer = answer,
		.counts = true };
	enum route route;
	int64_t start_us = monotonic_us();
	enum err err = check_all(&handle, &route) ? run(&handle, route) : handle.check_err;

	tell_log(&handle, route);
	if (route < ROUTE_COUNT)
		name_answer(&handle, route);
	metrics_count(service->metrics, route, answer->status);
	metrics_time(service->metrics, route, monotonic_us() - start_us);
	return err;
}
