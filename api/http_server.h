/* api/http_server.h -- the API's HTTP server: the store as JSON, on threads of its own.
 * Knows: libmicrohttpd (no type of it stands here), limits on connections, and that each worker thread
 * has a store connection of its own, reopened with growing pauses after a loss. Does not know: routes
 * (router.h), answers (answer.h), who supervises.
 * Starts without a database and answers 503 until there is one. Logs one line per failure.
 * Ownership: everything in the options is copied. Not for use from a signal handler. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"
#include "spool/spool.h"

enum api_access {
	API_ACCESS_KEYS, /* every request below /v1 needs a key */
	API_ACCESS_LOOPBACK, /* none needed; listens on a loopback address alone and checks the Host field */
};

/* 0 stands for the default of each number. */
/* What a parser says about a message: the object of `bounced parse` as JSON, in `arena`. Called by every
 * thread at once, and returns in bounded time. ERR_UNAVAILABLE: no parser is free; ERR_TIMEOUT. */
typedef enum err api_parse_fn(
	void *context, struct arena *arena, struct str message, struct str *ret_json);

/* A spool lane of this node, whose backlog /metrics shows. */
struct api_lane {
	const char *name, *folder;
};

struct api_options {
	struct str listen; /* "127.0.0.1:8080", "[::1]:8080", ":8080"; port 0: any that is free */
	const char *conninfo; /* of the store */
	enum api_access access;
	unsigned threads;         /* 2 */
	unsigned max_connections; /* 1000 */
	unsigned max_per_address; /* 100 */
	unsigned
		header_timeout_ms; /* 10000: from connect or the answer before to the end of the header */
	unsigned body_timeout_ms;      /* 30000 */
	unsigned statement_timeout_ms; /* 5000 */
	struct spool_writer *spool;    /* for POST /v1/messages; borrowed; NULL: refused */
	const struct api_lane *lanes;  /* borrowed */
	size_t n_lanes;
	api_parse_fn *parse; /* for POST /v1/parse; NULL: refused */
	void *parse_context;
};

struct api_server;

/* Accepts from its return on. ERR_SYNTAX: listen is no address; ERR_DENIED: the port or, without keys,
 * an address that is not loopback; ERR_EXISTS: the port is taken; ERR_IO: no threads or sockets left.
 * A sentence about it is appended to `problem`. */
MUST_CHECK enum err api_server_start(
	const struct api_options *options, struct buf *problem, struct api_server **ret_server);
/* The port that it listens on. */
unsigned api_server_port(const struct api_server *server);
/* Takes no more connections, lets requests that run finish, ends the threads. Takes NULL. */
void api_server_stop(struct api_server *server);
