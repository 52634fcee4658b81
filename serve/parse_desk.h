/* serve/parse_desk.h -- messages of many threads, parsed by processes that one thread talks to.
 * Knows: the pool of parsers, a queue, patience. Does not know HTTP. parse_desk_ask and _classify may be called by every
 * thread; all else by the one thread that polls.
 * Bounds: DESK_QUEUE messages at once, DESK_PATIENCE_MS for each. */
#pragma once
#include "api/http_server.h"
#include "core/arena.h"
#include "core/err.h"
#include "serve/role.h"

enum { DESK_QUEUE = 32, DESK_PATIENCE_MS = 5000 };

struct parse_desk;

struct parse_desk *parse_desk_new(void);
/* After every thread that asks has ended. Takes NULL. */
void parse_desk_free(struct parse_desk *desk);
/* What else the supervisor hands over; the callback owns the descriptors. */
typedef void parse_desk_fds_fn(void *context, enum control packet, const int *fds, size_t n);
/* Takes the parsers that the supervisor hands over and works until the role is to stop. */
void parse_desk_run(
	struct parse_desk *desk, const struct role *role, parse_desk_fds_fn *fn, void *context);

/* An api_parse_fn (api/http_server.h); `context` is a struct parse_desk. */
enum err parse_desk_ask(
	void *context, struct arena *arena, struct str message, struct str *ret_json);
/* An api_classify_fn. */
enum err parse_desk_classify(void *context, struct arena *arena, const struct api_text *asked,
	struct api_verdict *ret_verdict);
