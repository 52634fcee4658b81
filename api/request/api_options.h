/* api/request/api_options.h -- what an API server is given: where it listens, who may ask, what it reaches. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"
#include "spool/node_page.h"
#include "spool/spool.h"

enum api_access {
	API_ACCESS_KEYS, /* every request below /v1 needs a key */
	API_ACCESS_LOOPBACK, /* none needed; listens on a loopback address alone and checks the Host field */
};

/* What a parser says about a message: the object of `bounced parse` as JSON, in `arena`. Called by every
 * thread at once, and returns in bounded time. ERR_UNAVAILABLE: no parser is free; ERR_TIMEOUT. */
typedef enum err api_parse_fn(
	void *context, struct arena *arena, struct str message, struct str *ret_json);

/* A text of a server to be judged, by rules that go before all others (empty: by none). */
struct api_text {
	struct str text, remote_mta, rules;
};
/* An event of `bounced classify` as JSON and, in lines, how it came about; or what is wrong with the rules. */
struct api_verdict {
	struct str event_json, account, trouble;
};
/* As api_parse_fn. A verdict without JSON and trouble: no parser survived the question. */
typedef enum err api_classify_fn(void *context, struct arena *arena, const struct api_text *asked,
	struct api_verdict *ret_verdict);

/* A spool lane of this node, whose backlog /metrics shows. */
struct api_lane {
	const char *name, *folder;
};

struct store_judge; /* store/store_judge.h */

/* 0 stands for the default of each number. */
struct api_options {
	struct str listen;  /* "127.0.0.1:8080", "[::1]:8080", ":8080"; port 0: any that is free */
	int listening_fd;   /* its socket, which is taken; 0: it is opened */
	bool tls;           /* by the certificate of http_tls_use, which came before */
	bool log_addresses; /* may paths and peers, which are personal data, stand in the log? */
	struct str cors_origins; /* of other sites' pages, apart by commas */
	const char *conninfo;    /* of the store */
	struct str providers;    /* of domains, as the store takes them */
	bool mx_lookups;         /* as the store takes it */
	enum api_access access;
	unsigned threads;                 /* 2 */
	unsigned max_connections;         /* 1000 */
	unsigned max_per_address;         /* 100 */
	unsigned key_requests_per_minute; /* 0: as many as it likes */
	unsigned
		header_timeout_ms; /* 10000: from connect or the answer before to the end of the header */
	unsigned body_timeout_ms;      /* 30000 */
	unsigned statement_timeout_ms; /* 5000 */
	int64_t answer_age_us;      /* that an answer to a report may have; 0: each is made anew */
	struct spool_writer *spool; /* for POST /v1/messages; borrowed; NULL: refused */
	const struct api_lane *lanes; /* borrowed */
	size_t n_lanes;
	uint64_t lane_quota_bytes;    /* of each */
	const struct node_page *node; /* borrowed; NULL: none */
	api_parse_fn *parse;          /* for POST /v1/parse; NULL: refused */
	api_classify_fn *classify;    /* for POST /v1/classify; NULL: refused */
	void *parse_context;          /* of both */
	const struct store_judge *
		judge; /* who judges entries anew; borrowed; NULL: POST /v1/suppressions/undo is refused */
};
