#include "api/service.h"

#include "api/answer_cache.h"
#include "api/handle/handle.h"
#include "api/request/metrics.h"
#include "api/request/router.h"
#include "api/service_check.h"
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

	*ret_admitted = service_check(&handle);
	if (!*ret_admitted)
		metrics_count(service->metrics, handle.route, answer->status);
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

	if (!service_bearer_key(handle->request->authorization, &key) || !key_prefix(key, &prefix))
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
		.n = handle->n_changed,
		.note = handle->note };

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
 * Every route that asks the store may be asked twice: reads, and writes that replace. Handles that are given
 * together have one store, and one handler answers them all. */
static enum err run_handlers(
	const struct service *service, struct handle *const *handles, size_t n, handles_fn *handler)
{
	enum err err = ERR_UNAVAILABLE;
	struct store *store;

	for (int attempt = 0; attempt < 2 && err == ERR_UNAVAILABLE; attempt++) {
		err = service->store(service->store_context, attempt > 0, &store);
		if (err)
			break;
		for (size_t i = 0; i < n; i++) {
			answer_reset(handles[i]->answer);
			handles[i]->action = NULL;
			handles[i]->note = STR_EMPTY;
			handles[i]->store = store;
		}
		err = handler(handles, n);
	}
	for (size_t i = 0; i < n && err; i++) {
		answer_reset(handles[i]->answer); /* what it said before its end failed */
		service_store_error(handles[i]->answer, err);
	}
	return err;
}

static enum err run_alone(struct handle *const *handles, size_t n)
{
	struct handle *handle = handles[0];
	enum err err = is_noted(handle->route) ? run_noted(handle, handlers[handle->route])
					       : handlers[handle->route](handle);

	(void)n;
	assert(!handle->action || is_noted(handle->route));
	return err;
}

static enum err ask_store(struct handle *handle)
{
	return run_handlers(handle->service, &handle, 1, run_alone);
}

/* Reports over a window, which may cost much. */
static bool is_report(enum route route)
{
	static const enum route reports[] = { ROUTE_DOMAINS, ROUTE_PROVIDERS, ROUTE_DIAGNOSTICS,
		ROUTE_BREAKDOWN, ROUTE_DOMAIN, ROUTE_TIMESERIES, ROUTE_REASONS, ROUTE_STREAMS,
		ROUTE_OVERVIEW, ROUTE_SUMMARY, ROUTE_MOVERS };

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

static enum err ask_cache(struct handle *handle)
{
	struct cache *cache = handle->service->cache;
	struct str key = cache_key(handle);
	int64_t start_us = monotonic_us(), now_us;
	enum err err;

	if (cache_take(cache, key, start_us, handle->answer))
		return ERR_OK;
	err = ask_store(handle);
	now_us = monotonic_us();
	cache_done(cache, key, now_us, now_us - start_us, handle->answer);
	return err;
}

static enum err run(struct handle *handle)
{
	if (!router_needs_store(handle->route))
		return handlers[handle->route](handle);
	return handle->service->cache && is_report(handle->route) ? ask_cache(handle)
								  : ask_store(handle);
}

/* ---- what the client has already ---- */

static enum answer_keep keep_of(enum route route)
{
	if (is_report(route))
		return KEEP_SHORT;
	return router_answer(route) == ANSWER_PAGE || route == ROUTE_OPENAPI ? KEEP_ASK : KEEP_NOT;
}

/* RFC 9110 15.4.5: 304 has the fields that 200 would have, and no body. */
static void name_answer(struct handle *handle)
{
	const enum route route = handle->route;
	struct answer *answer = handle->answer;
	struct str etag;

	if (answer->status != 200 || !router_is_tagged(route))
		return;
	if (answer->keep != KEEP_EVER)
		answer->keep = keep_of(route);
	answer->fresh_s = handle->service->fresh_s;
	etag = etag_make(buf_str(&answer->body), answer->etag);
	if (!etag_is_among(handle->request->if_none_match, etag))
		return;
	answer->status = 304;
	buf_reset(&answer->body);
}

/* ---- what is told of it ---- */

static void tell_log(const struct handle *handle)
{
	const enum route route = handle->route;
	struct answer *answer = handle->answer;

	answer->route = route;
	answer->action = handle->action;
	answer->n_changed = handle->n_changed;
	if (route < ROUTE_COUNT && router_scope(route) != SCOPE_NONE && answer->status != 401)
		snprintf(answer->who, sizeof answer->who, "%.*s", STR_ARG(who(handle)));
}

/* ---- a request, and many of one kind at once ---- */

static struct handle handle_of(
	const struct service *service, const struct service_question *question, struct arena *arena)
{
	return (struct handle){ .arena = arena,
		.service = service,
		.request = question->request,
		.answer = question->answer,
		.counts = true };
}

static void finish(struct handle *handle, int64_t us)
{
	const struct service *service = handle->service;

	tell_log(handle);
	if (handle->route < ROUTE_COUNT)
		name_answer(handle);
	metrics_count(service->metrics, handle->route, handle->answer->status);
	metrics_time(service->metrics, handle->route, us);
}

enum err service_answer(
	const struct service *service, const struct api_request *request, struct answer *answer)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const struct service_question question = { request, answer, ERR_OK };
	struct handle handle = handle_of(service, &question, arena);
	int64_t start_us = monotonic_us();
	enum err err = service_check(&handle) ? run(&handle) : handle.check_err;

	finish(&handle, monotonic_us() - start_us);
	return err;
}

bool service_joins(const struct api_request *request)
{
	return str_eq(request->path, router_path(ROUTE_SUPPRESSIONS_CHECK)) &&
	       str_eq(request->method, STR("POST")) && request->body.n <= SERVICE_JOIN_BODY_BYTES;
}

void service_answer_joined(
	const struct service *service, struct service_question *questions, size_t n)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct handle *handles = arena_calloc(arena, n, sizeof *handles);
	struct handle **admitted = arena_calloc(arena, n, sizeof *admitted);
	int64_t start_us = monotonic_us();
	size_t n_admitted = 0;
	enum err err = ERR_OK;

	for (size_t i = 0; i < n; i++) {
		handles[i] = handle_of(service, &questions[i], arena);
		if (service_check(&handles[i]))
			admitted[n_admitted++] = &handles[i];
		questions[i].err = handles[i].check_err;
	}
	if (n_admitted)
		err = run_handlers(service, admitted, n_admitted, handle_suppressions_check_joined);
	for (size_t i = 0; i < n_admitted; i++)
		questions[admitted[i] - handles].err = err;
	for (size_t i = 0; i < n; i++)
		finish(&handles[i], monotonic_us() - start_us);
}
