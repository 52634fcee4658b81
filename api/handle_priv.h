/* api/handle_priv.h -- what a handler gets, and the list of handlers.
 * A handler turns a request that passed all checks into store calls and an answer. It returns ERR_OK when
 * it made an answer (a problem too), or the store's error. */
#pragma once
#include "api/answer.h"
#include "api/router.h"
#include "api/service.h"

struct handle {
	struct arena *arena;
	struct store *store; /* NULL for routes of SCOPE_NONE without one */
	const struct service *service;
	const struct api_request *request;
	struct str segment;
	struct param_values values;
	struct answer *answer;
};

typedef enum err handle_fn(struct handle *handle);
#define ROUTE(id, method, path, scope, handler, params, help, example) handle_fn handler;
#include "api/routes.def"

static inline bool has_param(const struct handle *handle, enum param param)
{
	return handle->values.present & PARAM_BIT(param);
}

/* The parameter, or -1. */
static inline int enum_param(const struct handle *handle, enum param param)
{
	return has_param(handle, param) ? (int)handle->values.number[param] : -1;
}

/* from and to as they will be used, `step_us` whole (1: as given). False: the answer is a problem. */
struct span {
	int64_t from_us, to_us;
};
bool handle_span(struct handle *handle, int64_t step_us, struct span *ret_span);
bool handle_window(struct handle *handle, struct store_window *ret_window);
/* "from", "to", "basis", "stream". */
json_t *handle_window_json(const struct store_window *window);
size_t handle_limit(const struct handle *handle);

/* A problem about one parameter; always false. */
bool handle_refuse(struct handle *handle, enum param param, struct str detail);

/* ---- cursors: opaque to clients, base64url (RFC 4648 5) of fields with line feeds between ---- */

enum { CURSOR_FIELDS = 5 };
struct str handle_cursor_make(struct arena *arena, const struct str fields[static CURSOR_FIELDS]);
/* False: no cursor of ours. */
bool handle_cursor_read(
	struct arena *arena, struct str cursor, struct str ret_fields[static CURSOR_FIELDS]);
