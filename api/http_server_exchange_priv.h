/* api/http_server_exchange_priv.h -- one request and its answer: what libmicrohttpd calls for it, piece by piece.
 * Knows: libmicrohttpd's callbacks, limits of a body, that a service answers. Does not know: how the daemon is started. */
#pragma once
#include "api/http_deadlines_priv.h"
#include "api/http_server_desk_priv.h"
#include "api/request/metrics.h"
#include "api/service.h"
#include "api/thread_store_priv.h"

#include <microhttpd.h>
#include <stdatomic.h>

struct api_server {
	struct MHD_Daemon *daemon;
	struct deadlines *deadlines;
	struct desk *desk;
	struct thread_stores *stores;
	struct warm *warm; /* warm_priv.h */
	struct metrics metrics;
	struct service service;
	unsigned port;
	bool log_addresses;
	char *cors_origins;  /* apart by commas; empty: none */
	atomic_uint running; /* requests between their first line and the end of the answer */
};

/* The first that libmicrohttpd tells of a request: its raw target, before anything is decoded. Returns the exchange. */
void *exchange_start(void *context, const char *uri, struct MHD_Connection *connection);
/* Called at the end of the header, for each piece of the body, and at the end of the body. */
enum MHD_Result exchange_handle(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *data_bytes,
	void **request);
void exchange_end(void *context, struct MHD_Connection *connection, void **request,
	enum MHD_RequestTerminationCode reason);
