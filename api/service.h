/* api/service.h -- one request in, one answer out.
 * Knows: routes, access, keys, the order of the checks, which store error is which problem. Does not
 * know: sockets, libmicrohttpd, the clock, the log. Not pure: handlers use the store that comes in.
 * One service_answer per thread at a time; nothing is kept between requests. */
#pragma once
#include "api/answer.h"
#include "api/http_server.h"
#include "api/router.h"
#include "core/str.h"
#include "store/store.h"

/* As it came, raw: nothing is decoded yet. Borrowed for the length of the call. */
struct api_request {
	struct str method, path, query; /* query without its "?" */
	struct str host;                /* empty: no Host field */
	struct str content_type, accept, authorization;
	struct str peer;    /* the client's address as text */
	struct str network; /* the same; of IPv6 the /64, which one host has to itself */
	struct str body;
	int64_t now_us;
};

/* Hands out a store that was connected when last heard of; ERR_UNAVAILABLE: none for now. `again` asks
 * for a new connection in place of one that was just lost. */
typedef enum err api_store_fn(void *context, bool again, struct store **ret_store);

/* What a key is good for. */
struct key_grant {
	enum route_scope scope;
	struct str streams; /* joined by commas; empty: all */
};

struct keyring; /* keyring_priv.h */
struct metrics; /* metrics_priv.h */

struct service {
	enum api_access access;
	api_store_fn *store;
	void *store_context;
	struct keyring *keyring;
	struct metrics *metrics;
	struct spool_writer *spool; /* NULL: none */
	const struct api_lane *lanes;
	size_t n_lanes;
	api_parse_fn *parse;        /* NULL: none */
	void *parse_context;
};

/* Most bytes that the route of this request takes as its body. */
size_t service_body_bytes(const struct api_request *request);

/* Checks that need no body, so that one that will not be taken is not read: target, method, host, access,
 * query, content type. *ret_admitted: go on to service_answer with the body; else an answer is made.
 * Returns the store's error, for the log. */
MUST_CHECK enum err service_admit(const struct service *service, const struct api_request *request,
	struct answer *answer, bool *ret_admitted);
/* Always makes an answer. Returns the store's error, for the log; ERR_OK for all that is the client's. */
enum err service_answer(
	const struct service *service, const struct api_request *request, struct answer *answer);

/* True for localhost, 127.0.0.0/8 and [::1], with or without a port. */
bool service_host_is_loopback(struct str host);
