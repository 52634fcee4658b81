/* api/handle/handle.h -- what a handler gets, and the list of handlers.
 * A handler turns a request that passed all checks into store calls and an answer. It returns ERR_OK when
 * it made an answer (a problem too), or the store's error. */
#pragma once
#include "api/request/answer.h"
#include "api/request/key.h"
#include "api/request/list.h"
#include "api/request/param_type.h"
#include "api/request/request.h"
#include "api/request/router.h"

struct handle {
	struct arena *arena;
	struct store *store; /* NULL for routes that do not need it */
	const struct service *service;
	const struct api_request *request;
	enum route route;       /* ROUTE_COUNT: not known yet */
	struct key_grant grant; /* all, for a request that needs no key */
	struct str segment;
	struct param_values values;
	enum list_format format; /* of lists */
	struct answer *answer;
	enum err check_err; /* of the store, while a key was checked */
	bool counts; /* the key's requests: once for each, though the checks may come twice */
	/* What the audit is to tell of it, see handle_changed. */
	const char *action; /* NULL: nothing was changed that it tells of */
	struct str subject, address, note;
	uint64_t n_changed;
};

typedef enum err handle_fn(struct handle *handle);
#define ROUTE(id, method, path, scope, needs, handler, ...) handle_fn handler;
#include "api/request/routes.def"
/* Many requests of one route, which are answered together: they have one store and one arena. */
typedef enum err handles_fn(struct handle *const *handles, size_t n);
handles_fn handle_suppressions_check_joined;

static inline bool has_param(const struct handle *handle, enum param param)
{
	return handle->values.present & PARAM_BIT(param);
}

/* The parameter, or -1. */
static inline int enum_param(const struct handle *handle, enum param param)
{
	return has_param(handle, param) ? (int)handle->values.number[param] : -1;
}

/* May the key see and change what belongs to this stream? */
static inline bool handle_may_use(const struct handle *handle, struct str stream)
{
	return key_has_stream(handle->grant.streams, stream);
}

/* It is done, and who asked for it is kept with it: `action` is a literal; texts live as long as the arena, and may be empty. */
static inline void handle_changed(struct handle *handle, const char *action, struct str subject,
	struct str address, uint64_t n)
{
	handle->action = action;
	handle->subject = subject;
	handle->address = address;
	handle->n_changed = n;
}

/* from and to as they will be used, `step_us` whole (1: as given). False: the answer is a problem. */
struct span {
	int64_t from_us, to_us;
};
bool handle_span(struct handle *handle, int64_t step_us, struct span *ret_span);
bool handle_window(struct handle *handle, struct store_window *ret_window);
/* The filters that were asked for, in the arena. */
const struct store_filters *handle_filters(struct handle *handle);
/* Where counts of the window by `by` come from, which the window is made to fit. False: the answer is a problem. */
bool handle_counted(struct handle *handle, enum store_dimension by, struct store_window *window,
	enum store_counted *ret_counted);
/* Is the window one whose events may be counted one by one? */
bool handle_counts_events(struct handle *handle, const struct store_window *window);
/* "from", "to", "basis", "stream", "proof", "mature", "filters", "counted_from", "as_of". */
json_t *handle_window_json(
	const struct handle *handle, const struct store_window *window, enum store_counted counted);
/* Have the bounces of what was sent before end_us come? null where that is no question (basis=event). */
json_t *handle_mature(
	const struct handle *handle, const struct store_window *window, int64_t end_us);
size_t handle_limit(const struct handle *handle);
/* Is the other order asked for? `order` is that of the list. */
bool handle_is_reversed(const struct handle *handle, enum param_order order);

/* What stands for {address} or {domain} in the path, in the form that events have; else a problem and false. */
bool handle_address(struct handle *handle, struct str *ret_address);
bool handle_domain_name(struct handle *handle, struct str *ret_domain);

/* A problem about one parameter; always false. */
bool handle_refuse(struct handle *handle, enum param param, struct str detail);

/* "attempted", "failed", ...; "failure_rate", ..., "flags". */
void handle_set_counts(json_t *json, const struct store_counts *counts);
void handle_set_rates(const struct handle *handle, json_t *json, const struct store_counts *counts);
json_t *handle_event_json(const struct store_event *event);
/* null where it is of nothing. */
json_t *handle_id_json(const struct uuid *id);

/* The Link field: the target again, with this cursor. */
void handle_link_next(struct handle *handle, struct str cursor);
/* The list in the form that the client asked for. `rows_key` is where its rows lie in `take_json`, and
 * names the columns of a CSV. */
void handle_list(struct handle *handle, json_t *take_json, const char *rows_key);
