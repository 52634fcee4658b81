#include "api/http_server.h"

#include "api/answer_cache.h"
#include "api/http_listen.h"
#include "api/http_server_exchange_priv.h"
#include "api/http_tls_priv.h"
#include "api/keyring_priv.h"
#include "api/warm_priv.h"
#include "core/limits.h"
#include "core/timestamp.h"
#include "store/ranking.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long api_server_stop waits for requests that run. */
enum { STOP_WAIT_MS = 5000, STOP_LOOK_MS = 10 };
/* libmicrohttpd has so many times the limit of a header for a connection: what is beyond the limit is refused in our own words, and
 * in its words, without a type that a program knows, only what is beyond all that. */
enum { HEADER_ROOM = 4 };

/* ---- connections ---- */

/* libmicrohttpd would decode %XX in place and in its own way; router.c does. */
static size_t leave_escapes(void *context, struct MHD_Connection *connection, char *text)
{
	(void)context;
	(void)connection;
	return strlen(text);
}

static void note_connection(void *context, struct MHD_Connection *connection, void **socket_context,
	enum MHD_ConnectionNotificationCode code)
{
	struct api_server *server = context;
	const union MHD_ConnectionInfo *info;

	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
		*socket_context = deadline_new(server->deadlines, info ? info->connect_fd : -1);
	} else {
		deadline_free(server->deadlines, *socket_context);
		*socket_context = NULL;
	}
}

/* ---- start and stop ---- */

static unsigned or_default(unsigned value, unsigned default_value)
{
	return value ? value : default_value;
}

static struct MHD_Daemon *start_daemon(
	struct api_server *server, const struct api_options *options, int fd)
{
	const unsigned threads = or_default(options->threads, 2);
	/* Idle time is bounded by the deadlines already; this one is for a peer that vanished. */
	const unsigned idle_s = 120;

	/* Without TLS the end of the options stands where those of TLS begin. */
	const enum MHD_OPTION tls = options->tls ? MHD_OPTION_HTTPS_CERT_CALLBACK : MHD_OPTION_END;
	const unsigned flags =
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC | MHD_ALLOW_SUSPEND_RESUME;

	return MHD_start_daemon(options->tls ? flags | MHD_USE_TLS : flags, 0, NULL, NULL,
		exchange_handle, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
		threads, MHD_OPTION_CONNECTION_LIMIT, or_default(options->max_connections, 1000),
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, or_default(options->max_per_address, 100),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_ROOM * LIMIT_HTTP_HEADER_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, idle_s, MHD_OPTION_URI_LOG_CALLBACK, exchange_start,
		server, MHD_OPTION_NOTIFY_COMPLETED, exchange_end, server,
		MHD_OPTION_NOTIFY_CONNECTION, note_connection, server, MHD_OPTION_UNESCAPE_CALLBACK,
		leave_escapes, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1, tls, http_tls_choose,
		MHD_OPTION_HTTPS_PRIORITIES, http_tls_priorities, MHD_OPTION_END);
}

static struct api_server *server_new(const struct api_options *options)
{
	const struct store_options store_options = { .application_name = "bounced api",
		.providers = options->providers,
		.mx_lookups = options->mx_lookups,
		.statement_timeout_ms = or_default(options->statement_timeout_ms, 5000),
		.connect_timeout_s = 2,
		.idle_timeout_ms = STORE_IDLE_ROLE_MS };
	struct api_server *server = calloc(1, sizeof *server);

	if (!server)
		abort();
	server->stores =
		thread_stores_new(options->conninfo, &store_options, &server->metrics.connections);
	server->service = (struct service){ .access = options->access,
		.store = thread_stores_get,
		.store_context = server->stores,
		.keyring = keyring_new(),
		.metrics = &server->metrics,
		.cache = options->answer_age_us ? cache_new(options->answer_age_us) : NULL,
		.fresh_s = (unsigned)(options->answer_age_us / 3 / TIMESTAMP_SECOND_US),
		.names = store_names_new(),
		.spool = options->spool,
		.lanes = options->lanes,
		.n_lanes = options->n_lanes,
		.key_requests_per_minute = options->key_requests_per_minute,
		.lane_quota_bytes = options->lane_quota_bytes,
		.certificate_until_s = options->tls ? http_tls_until_s : NULL,
		.node = options->node,
		.parse = options->parse,
		.classify = options->classify,
		.parse_context = options->parse_context,
		.judge = options->judge };
	server->deadlines = deadlines_start(or_default(options->header_timeout_ms, 10000),
		or_default(options->body_timeout_ms, 30000),
		(or_default(options->max_connections, 1000) + 1) / 2);
	return server;
}

static void server_free(struct api_server *server)
{
	warm_stop(server->warm);
	deadlines_stop(server->deadlines);
	desk_free(server->desk);
	thread_stores_free(server->stores);
	keyring_free(server->service.keyring);
	cache_free(server->service.cache);
	store_names_free(server->service.names);
	free(server->cors_origins);
	free(server);
}

enum err api_server_start(
	const struct api_options *options, struct buf *problem, struct api_server **ret_server)
{
	struct api_server *server;
	int fd = -1;
	enum err err = ERR_OK;

	if (options->listening_fd)
		fd = options->listening_fd;
	else
		err = http_listen(options, problem, &fd);
	if (err)
		return err;
	server = server_new(options);
	server->port = http_listen_port(fd);
	server->log_addresses = options->log_addresses;
	if (options->cors_origins.n)
		server->cors_origins = strndup(options->cors_origins.p, options->cors_origins.n);
	server->desk = desk_start(&server->service);
	server->daemon = server->desk ? start_daemon(server, options, fd) : NULL;
	if (!server->daemon) {
		if (server->desk)
			desk_close(server->desk);
		buf_put(problem,
			STR("cannot start the HTTP server: no threads or descriptors left"));
		close(fd);
		server_free(server);
		return ERR_IO;
	}
	server->warm = warm_start(server->stores, server->service.names);
	*ret_server = server;
	return ERR_OK;
}

unsigned api_server_port(const struct api_server *server)
{
	return server->port;
}

static void wait_for_running(struct api_server *server)
{
	const struct timespec pause = { .tv_nsec = STOP_LOOK_MS * 1000000L };

	for (int ms = 0; ms < STOP_WAIT_MS && atomic_load(&server->running); ms += STOP_LOOK_MS)
		nanosleep(&pause, NULL);
}

void api_server_stop(struct api_server *server)
{
	int fd;

	if (!server)
		return;
	fd = MHD_quiesce_daemon(server->daemon);
	wait_for_running(server);
	desk_close(server->desk); /* libmicrohttpd stops only where nobody is suspended */
	MHD_stop_daemon(server->daemon);
	if (fd >= 0)
		close(fd);
	server_free(server);
}
