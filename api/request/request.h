/* api/request/request.h -- one request as it came, and what there is to answer it with.
 * Knows: words alone. Does not know the order of the checks (service.h), or handlers. */
#pragma once
#include "api/request/api_options.h"
#include "api/request/router.h"
#include "store/store.h"

/* As it came, raw: nothing is decoded yet. Borrowed for the length of the call. */
struct api_request {
	struct str method, path, query; /* query without its "?" */
	struct str host;                /* empty: no Host field */
	struct str content_type, accept, authorization;
	struct str if_none_match;
	struct str peer;    /* the client's address as text */
	struct str network; /* the same; of IPv6 the /64, which one host has to itself */
	struct str body;
	bool preflight; /* a browser asks whether a page that may ask at all may ask so */
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
struct cache;   /* answer_cache.h */

struct service {
	enum api_access access;
	api_store_fn *store;
	void *store_context;
	struct keyring *keyring;
	struct metrics *metrics;
	struct cache *cache;        /* NULL: every report is asked of the database */
	unsigned fresh_s;           /* that a client may keep a report without asking */
	struct store_names *names;  /* of domains, for rankings */
	struct spool_writer *spool; /* NULL: none */
	const struct api_lane *lanes;
	size_t n_lanes;
	unsigned key_requests_per_minute; /* 0: as many as it likes */
	uint64_t lane_quota_bytes;
	int64_t (*certificate_until_s)(void); /* of the API itself, since 1970; NULL: no TLS */
	const struct node_page *node;         /* NULL: none */
	api_parse_fn *parse;                  /* NULL: none */
	api_classify_fn *classify;            /* NULL: none */
	void *parse_context;
	const struct store_judge *judge; /* NULL: none */
};
