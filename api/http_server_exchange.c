#include "api/access_log.h"
#include "api/cors.h"
#include "api/http_gzip.h"
#include "api/http_server_answer_priv.h"
#include "api/http_server_exchange_priv.h"
#include "api/http_server_framing_priv.h"
#include "api/http_server_peer_priv.h"
#include "api/request/answer.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/timestamp.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

struct exchange {
	struct arena *arena;
	struct buf body;
	struct str target;       /* as in the request line */
	const char *target_read; /* where that lies in the library's memory */
	struct str peer, network;
	struct framing framing;
	bool admitted, refused, packed;
	struct answer refusal; /* waits for the end of the body, which is dropped */
	size_t wasted;
	int64_t start_us;              /* of the work on it, by the monotonic clock */
	struct desk_question question; /* its answer, however it was made */
};

void *exchange_start(void *context, const char *uri, struct MHD_Connection *connection)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);
	struct api_server *server = context;

	if (!exchange)
		abort();
	atomic_fetch_add(&server->running, 1);
	exchange->arena = arena_new();
	exchange->target = arena_dup(exchange->arena, str_c(uri));
	exchange->target_read = uri;
	http_peer(connection, exchange->arena, &exchange->peer, &exchange->network);
	buf_init(&exchange->body, LIMIT_HTTP_BODY_BYTES);
	answer_init(&exchange->refusal);
	answer_init(&exchange->question.answer);
	return exchange;
}

static struct deadline *deadline_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info ? info->socket_context : NULL;
}

/* The library's own answer to what it cannot read: 400, 414, 431. */
static void count_foreign(struct api_server *server, const struct exchange *exchange,
	struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		exchange->admitted
			? NULL
			: MHD_get_connection_info(connection, MHD_CONNECTION_INFO_HTTP_STATUS);

	if (info && info->http_status >= 400)
		metrics_count(&server->metrics, ROUTE_COUNT, info->http_status);
}

void exchange_end(void *context, struct MHD_Connection *connection, void **request,
	enum MHD_RequestTerminationCode reason)
{
	struct api_server *server = context;
	struct exchange *exchange = *request;

	(void)reason;
	deadline_set(server->deadlines, deadline_of(connection), DEADLINE_HEADER);
	if (!exchange)
		return;
	count_foreign(server, exchange, connection);
	atomic_fetch_sub(&server->running, 1);
	buf_release(&exchange->body);
	answer_release(&exchange->refusal);
	answer_release(&exchange->question.answer);
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
	if (str_istarts(request.path, STR("http://")) ||
		str_istarts(request.path, STR("https://"))) {
		struct str rest = str_skip(request.path, str_find(request.path, STR("//")) + 2);

		request.host = str_head(rest, str_cspan(rest, "/?"));
		request.path = str_skip(rest, request.host.n);
	}
	(void)str_cut(request.path, '?', &request.path, &request.query);
	return request;
}

/* What a browser asks before it lets a page send a key: by whom, never with a key. */
static bool is_preflight(
	const struct api_server *server, struct MHD_Connection *connection, const char *method)
{
	return !strcmp(method, MHD_HTTP_METHOD_OPTIONS) &&
	       cors_allows(
		       str_c(server->cors_origins), header(connection, MHD_HTTP_HEADER_ORIGIN)) &&
	       header(connection, "Access-Control-Request-Method").n;
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

	if (framing->header_bytes > LIMIT_HTTP_HEADER_BYTES) {
		refuse(server, exchange, PROBLEM_HEADER_TOO_LARGE,
			arena_printf(exchange->arena,
				"request line and fields have at most %u bytes",
				LIMIT_HTTP_HEADER_BYTES));
	} else if (!framing_is_clear(framing)) {
		exchange->refused = true;
		answer_problem(&exchange->refusal, PROBLEM_MALFORMED_REQUEST,
			STR("Content-Length, Transfer-Encoding or Host twice or together, a "
			    "control character in a field, or a line that does not end by CR LF"),
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
	struct exchange *exchange, const char *method, const char *version)
{
	const struct api_request request = request_of(exchange, connection, method);
	const struct framing *framing = &exchange->framing;
	const struct request_line line = { method, exchange->target_read, version,
		exchange->target.n };

	deadline_set(server->deadlines, deadline_of(connection), DEADLINE_BODY);
	framing_read(connection, &line, &exchange->framing);
	exchange->admitted = true;
	exchange->body.max = service_body_bytes(&request);
	check_header(server, exchange, connection, &request);
	if (!exchange->refused || (framing_is_clear(framing) && !framing->expects &&
					  framing->content_length <= LIMIT_HTTP_WASTE_BYTES))
		return MHD_YES;
	exchange->refusal.close = true;
	access_log(&request, &exchange->refusal, 0, server->log_addresses);
	return http_send(connection, &exchange->refusal, str_c(server->cors_origins));
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

static enum MHD_Result send_answer(
	struct api_server *server, struct MHD_Connection *connection, struct exchange *exchange)
{
	const struct desk_question *question = &exchange->question;
	const struct answer *answer = exchange->refused ? &exchange->refusal : &question->answer;

	if (question->err)
		log_failure(server, &question->request, &question->answer, question->err);
	deadline_set(server->deadlines, deadline_of(connection), DEADLINE_BODY);
	access_log(&question->request, answer, monotonic_us() - exchange->start_us,
		server->log_addresses);
	return http_send(connection, answer, str_c(server->cors_origins));
}

/* The whole request is here. What may be asked together with others waits for its answer, which is sent when
 * libmicrohttpd calls again. */
static enum MHD_Result finish(struct api_server *server, struct MHD_Connection *connection,
	struct exchange *exchange, const char *method)
{
	struct desk_question *question = &exchange->question;

	if (exchange->packed && !exchange->refused)
		unpack(server, exchange);
	exchange->start_us = monotonic_us();
	question->connection = connection;
	question->request = request_of(exchange, connection, method);
	question->request.preflight = is_preflight(server, connection, method);
	deadline_set(server->deadlines, deadline_of(connection), DEADLINE_NONE);
	if (!exchange->refused && service_joins(&question->request) &&
		desk_put(server->desk, question))
		return MHD_YES;
	if (!exchange->refused)
		question->err =
			service_answer(&server->service, &question->request, &question->answer);
	return send_answer(server, connection, exchange);
}

enum MHD_Result exchange_handle(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *data_bytes,
	void **request)
{
	struct api_server *server = context;
	struct exchange *exchange = *request;

	(void)url;
	if (exchange->question.answered)
		return send_answer(server, connection, exchange);
	if (!exchange->admitted)
		return admit(server, connection, exchange, method, version);
	if (*data_bytes) {
		struct str bytes = str_from(data, *data_bytes);

		*data_bytes = 0;
		return take_body(server, exchange, bytes);
	}
	return finish(server, connection, exchange, method);
}
