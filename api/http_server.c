#include "api/http_server.h"

#include "api/access_log.h"
#include "api/answer_cache.h"
#include "api/http_deadlines_priv.h"
#include "api/http_gzip.h"
#include "api/http_listen.h"
#include "api/http_server_answer_priv.h"
#include "api/http_server_framing_priv.h"
#include "api/http_server_peer_priv.h"
#include "api/keyring_priv.h"
#include "api/request/answer.h"
#include "api/request/metrics.h"
#include "api/service.h"
#include "api/thread_store_priv.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/timestamp.h"
#include "store/ranking.h"
#include "store/store.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* How long api_server_stop waits for requests that run. */
enum { STOP_WAIT_MS = 5000, STOP_LOOK_MS = 10 };

struct api_server {
	struct MHD_Daemon *daemon;
	struct deadlines *deadlines;
	struct thread_stores *stores;
	struct metrics metrics;
	struct service service;
	unsigned port;
	bool log_addresses;
	atomic_uint running; /* requests between their first line and the end of the answer */
};

/* ---- one request ---- */

struct exchange {
	struct arena *arena;
	struct buf body;
	struct str target; /* as in the request line */
	struct str peer, network;
	struct framing framing;
	bool admitted, refused, packed;
	struct answer refusal; /* waits for the end of the body, which is dropped */
	size_t wasted;
};

/* The first that libmicrohttpd tells of a request: its raw target, before anything is decoded. */
static void *start_exchange(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);
	struct api_server *server = context;

	if (!exchange)
		abort();
	atomic_fetch_add(&server->running, 1);
	exchange->arena = arena_new();
	exchange->target = arena_dup(exchange->arena, str_c(uri));
	http_peer(connection, exchange->arena, &exchange->peer, &exchange->network);
	buf_init(&exchange->body, LIMIT_HTTP_BODY_BYTES);
	answer_init(&exchange->refusal);
	return exchange;
}

static struct deadline *deadline_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

static void end_exchange(void *context, struct MHD_Connection *connection, void **request,
	enum MHD_RequestTerminationCode reason)
{
	struct api_server *server = context;
	struct exchange *exchange = *request;

	(void)reason;
	deadline_set(server->deadlines, deadline_of(connection), DEADLINE_HEADER);
	if (!exchange)
		return;
	atomic_fetch_sub(&server->running, 1);
	buf_release(&exchange->body);
	answer_release(&exchange->refusal);
	arena_free(exchange->arena);
	free(exchange);
	*request = NULL;
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

static int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

static struct str header(struct MHD_Connection *connection, const char *name)
{
	return str_c(MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

static struct api_request request_of(
	const struct exchange *exchange, struct MHD_Connection *connection, const char *method)
{
	struct api_request request = { .method = str_c(method),
		.path = exchange->target,
		.query = STR_EMPTY,
		.host = header(connection, MHD_HTTP_HEADER_HOST),
		.content_type = header(connection, MHD_HTTP_HEADER_CONTENT_TYPE),
		.accept = header(connection, MHD_HTTP_HEADER_ACCEPT),
		.authorization = header(connection, MHD_HTTP_HEADER_AUTHORIZATION),
		.if_none_match = header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH),
		.peer = exchange->peer,
		.network = exchange->network,
		.body = buf_str(&exchange->body),
		.now_us = now_us() };

	/* The absolute form, RFC 9112 3.2.2: its authority counts, not the Host field. */
	if (str_istarts(request.path, STR("http://"))) {
		struct str rest = str_skip(request.path, strlen("http://"));

		request.host = str_head(rest, str_cspan(rest, "/?"));
		request.path = str_skip(rest, request.host.n);
	}
	(void)str_cut(request.path, '?', &request.path, &request.query);
	return request;
}

static void refuse_as_too_large(struct api_server *server, struct exchange *exchange)
{
	exchange->refused = true;
	metrics_count(&server->metrics, ROUTE_COUNT, 413);
	answer_problem(&exchange->refusal, PROBLEM_TOO_LARGE,
		arena_printf(exchange->arena, "at most %zu bytes", exchange->body.max), NULL,
		STR_EMPTY);
}

/* While the database is away, its loss is on the log already and requests would only repeat it. */
static void log_failure(struct api_server *server, const struct api_request *request,
	const struct answer *answer, enum err err)
{
	struct str reason = thread_stores_error(server->stores);

	if (err == ERR_UNAVAILABLE && !reason.n)
		return;
	/* "Not ready" is what /readyz is asked for; before the first migration it is the normal course. */
	if (answer->status == 503 && str_eq(request->path, STR("/readyz")))
		return;
	log_event(err_worth_retry(err) ? LOG_WARN : LOG_ERROR, "request_failed",
		LOG_STR("method", request->method), LOG_STR("path", request->path),
		LOG_U64("status", answer->status), LOG_ERR(err), LOG_STR("reason", reason));
}

static void refuse(struct api_server *server, struct exchange *exchange, enum problem problem,
	struct str detail)
{
	exchange->refused = true;
	answer_problem(&exchange->refusal, problem, detail, NULL, STR_EMPTY);
	metrics_count(&server->metrics, ROUTE_COUNT, exchange->refusal.status);
}

/* RFC 9110 8.4: gzip, or none. False: another, and the answer says so. */
static bool read_coding(
	struct api_server *server, struct exchange *exchange, struct MHD_Connection *connection)
{
	struct str coding = str_trim(header(connection, MHD_HTTP_HEADER_CONTENT_ENCODING));

	exchange->packed = str_ieq(coding, STR("gzip")) || str_ieq(coding, STR("x-gzip"));
	if (exchange->packed || !coding.n || str_ieq(coding, STR("identity")))
		return true;
	refuse(server, exchange, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
		STR("Content-Encoding: send gzip, or the body as it is"));
	return false;
}

/* The body as it was before it was packed, within the same limit. */
static void unpack(struct api_server *server, struct exchange *exchange)
{
	struct buf body = BUF_INIT(exchange->body.max);
	enum err err = http_gunzip(buf_str(&exchange->body), &body);

	if (err == ERR_LIMIT)
		refuse_as_too_large(server, exchange);
	else if (err)
		refuse(server, exchange, PROBLEM_MALFORMED_REQUEST,
			STR("the body is no gzip, or a part of one"));
	buf_release(&exchange->body);
	exchange->body = body;
}

/* What needs no body to be refused. Without a body the checks wait for finish(). */
static void check_header(struct api_server *server, struct exchange *exchange,
	struct MHD_Connection *connection, const struct api_request *request)
{
	const struct framing *framing = &exchange->framing;
	bool admitted = true;
	enum err err = ERR_OK;

	if (!framing_is_clear(framing)) {
		exchange->refused = true;
		answer_problem(&exchange->refusal, PROBLEM_MALFORMED_REQUEST,
			STR("Content-Length, Transfer-Encoding or Host twice or together, or a "
			    "control character in a field"),
			NULL, STR_EMPTY);
	} else if (framing->content_length > exchange->body.max) {
		refuse_as_too_large(server, exchange);
	} else if (framing_has_body(framing) && read_coding(server, exchange, connection)) {
		err = service_admit(&server->service, request, &exchange->refusal, &admitted);
		exchange->refused = !admitted;
	}
	if (err)
		log_failure(server, request, &exchange->refusal, err);
}

/* At the end of the header. A refused body is read and dropped all the same, since a client that is
 * still sending would see its connection break, not the answer. At once, and for the last time on this
 * connection, goes the answer to a body whose end nobody can tell, that is too long to wait for, or
 * whose sender waits to be told. */
static enum MHD_Result admit(struct api_server *server, struct MHD_Connection *connection,
	struct exchange *exchange, const char *method)
{
	const struct api_request request = request_of(exchange, connection, method);
	const struct framing *framing = &exchange->framing;

	deadline_set(server->deadlines, deadline_of(connection), DEADLINE_BODY);
	framing_read(connection, &exchange->framing);
	exchange->admitted = true;
	exchange->body.max = service_body_bytes(&request);
	check_header(server, exchange, connection, &request);
	if (!exchange->refused || (framing_is_clear(framing) && !framing->expects &&
					  framing->content_length <= LIMIT_HTTP_WASTE_BYTES))
		return MHD_YES;
	exchange->refusal.close = true;
	access_log(&request, &exchange->refusal, 0, server->log_addresses);
	return http_send(connection, &exchange->refusal);
}

/* A body in chunks tells its length only by its end; one that does not end ends the connection. */
static enum MHD_Result take_body(
	struct api_server *server, struct exchange *exchange, struct str bytes)
{
	if (!exchange->refused) {
		buf_put(&exchange->body, bytes);
		if (!exchange->body.failed)
			return MHD_YES;
		exchange->wasted = exchange->body.n;
		refuse_as_too_large(server, exchange);
	}
	exchange->wasted += bytes.n;
	return exchange->wasted > LIMIT_HTTP_WASTE_BYTES ? MHD_NO : MHD_YES;
}

static enum MHD_Result finish(struct api_server *server, struct MHD_Connection *connection,
	struct exchange *exchange, const char *method)
{
	struct api_request request;
	enum MHD_Result result;
	int64_t start_us = monotonic_us();
	struct answer answer;
	enum err err = ERR_OK;

	if (exchange->packed && !exchange->refused)
		unpack(server, exchange);
	request = request_of(exchange, connection, method);
	answer_init(&answer);
	deadline_set(server->deadlines, deadline_of(connection), DEADLINE_NONE);
	if (!exchange->refused)
		err = service_answer(&server->service, &request, &answer);
	if (err)
		log_failure(server, &request, &answer, err);
	deadline_set(server->deadlines, deadline_of(connection), DEADLINE_BODY);
	access_log(&request, exchange->refused ? &exchange->refusal : &answer,
		monotonic_us() - start_us, server->log_addresses);
	result = http_send(connection, exchange->refused ? &exchange->refusal : &answer);
	answer_release(&answer);
	return result;
}

/* Called at the end of the header, for each piece of the body, and at the end of the body. */
static enum MHD_Result handle_request(void *context, struct MHD_Connection *connection,
	const char *url, const char *method, const char *version, const char *data,
	size_t *data_bytes, void **request)
{
	struct api_server *server = context;
	struct exchange *exchange = *request;

	(void)url;
	(void)version;
	if (!exchange->admitted)
		return admit(server, connection, exchange, method);
	if (*data_bytes) {
		struct str bytes = str_from(data, *data_bytes);

		*data_bytes = 0;
		return take_body(server, exchange, bytes);
	}
	return finish(server, connection, exchange, method);
}

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

	return MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_ITC, 0, NULL, NULL,
		handle_request, server, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_THREAD_POOL_SIZE,
		threads, MHD_OPTION_CONNECTION_LIMIT, or_default(options->max_connections, 1000),
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, or_default(options->max_per_address, 100),
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)LIMIT_HTTP_HEADER_BYTES,
		MHD_OPTION_CONNECTION_TIMEOUT, idle_s, MHD_OPTION_URI_LOG_CALLBACK, start_exchange,
		server, MHD_OPTION_NOTIFY_COMPLETED, end_exchange, server,
		MHD_OPTION_NOTIFY_CONNECTION, note_connection, server, MHD_OPTION_UNESCAPE_CALLBACK,
		leave_escapes, NULL, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

static struct api_server *server_new(const struct api_options *options)
{
	const struct store_options store_options = { .application_name = "bounced api",
		.providers = options->providers,
		.mx_lookups = options->mx_lookups,
		.statement_timeout_ms = or_default(options->statement_timeout_ms, 5000),
		.connect_timeout_s = 2 };
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
	deadlines_stop(server->deadlines);
	thread_stores_free(server->stores);
	keyring_free(server->service.keyring);
	cache_free(server->service.cache);
	store_names_free(server->service.names);
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
	server->daemon = start_daemon(server, options, fd);
	if (!server->daemon) {
		buf_put(problem,
			STR("cannot start the HTTP server: no threads or descriptors left"));
		close(fd);
		server_free(server);
		return ERR_IO;
	}
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
	MHD_stop_daemon(server->daemon);
	if (fd >= 0)
		close(fd);
	server_free(server);
}
