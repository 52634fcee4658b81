/* api/http_server.h -- the API's HTTP server: the store as JSON, on threads of its own.
 * Knows: libmicrohttpd (no type of it stands here), limits on connections, and that each worker thread
 * has a store connection of its own, reopened with growing pauses after a loss. Does not know: routes
 * (router.h), answers (answer.h), who supervises.
 * Starts without a database and answers 503 until there is one. Logs one line per failure.
 * Ownership: everything in the options is copied. Not for use from a signal handler. */
#pragma once
#include "api/request/api_options.h"
#include "core/buf.h"
#include "core/err.h"

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
