#include "api/cors.h"
#include "api/http_gzip.h"
#include "api/http_server_answer_priv.h"
#include "api/request/accept.h"

#include <stdlib.h>

static const struct {
	const char *name, *value;
} fixed_headers[] = {
	{ "X-Content-Type-Options", "nosniff" },
	{ "Referrer-Policy", "no-referrer" },
};

static const char data_policy[] = "default-src 'none'; frame-ancestors 'none'";

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	if (value && *value)
		(void)MHD_add_response_header(response, name, value);
}

/* An answer differs by Origin where one may be allowed, also to whom it is not. */
static void add_cors(struct MHD_Connection *connection, struct MHD_Response *response,
	struct arena *arena, const struct answer *answer, struct str origins)
{
	struct str origin = str_c(
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ORIGIN));

	add_header(response, MHD_HTTP_HEADER_VARY,
		origins.n ? "Accept, Accept-Encoding, Authorization, Origin"
			  : "Accept, Accept-Encoding, Authorization");
	if (!cors_allows(origins, origin))
		return;
	add_header(response, "Access-Control-Allow-Origin", arena_c(arena, origin));
	add_header(response, "Access-Control-Expose-Headers", cors_exposed);
	if (answer->status != 204 || !answer->allow[0])
		return;
	add_header(response, "Access-Control-Allow-Methods", answer->allow);
	add_header(response, "Access-Control-Allow-Headers", cors_headers);
	add_header(response, "Access-Control-Max-Age", arena_printf(arena, "%d", CORS_MAX_AGE_S).p);
}

static void add_keep(
	struct MHD_Response *response, struct arena *arena, const struct answer *answer)
{
	struct str value = STR("no-store");

	if (answer->keep == KEEP_SHORT)
		value = arena_printf(arena, "private, max-age=%u", answer->fresh_s);
	else if (answer->keep == KEEP_EVER)
		value = STR("public, max-age=31536000, immutable");
	else if (answer->keep == KEEP_ASK)
		value = STR("no-cache");
	add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, value.p);
	add_header(response, MHD_HTTP_HEADER_ETAG, answer->etag);
}

static struct MHD_Response *response_of(
	struct MHD_Connection *connection, const struct answer *answer)
{
	struct MHD_Response *response;
	char *small = NULL;
	size_t n;

	if (accept_coding(str_c(MHD_lookup_connection_value(
				  connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_ACCEPT_ENCODING)),
		    STR("gzip")))
		small = http_gzip(buf_str(&answer->body), &n);
	if (!small)
		return MHD_create_response_from_buffer(
			answer->body.n, answer->body.p, MHD_RESPMEM_MUST_COPY);
	response = MHD_create_response_from_buffer(n, small, MHD_RESPMEM_MUST_FREE);
	if (response)
		add_header(response, MHD_HTTP_HEADER_CONTENT_ENCODING, "gzip");
	else
		free(small);
	return response;
}

enum MHD_Result http_send(
	struct MHD_Connection *connection, const struct answer *answer, struct str cors_origins)
{
	struct MHD_Response *response = response_of(connection, answer);
	struct arena *arena = arena_new();
	enum MHD_Result result = MHD_NO;

	if (response) {
		add_keep(response, arena, answer);
		add_cors(connection, response, arena, answer, cors_origins);
		for (size_t i = 0; i < ARRAY_LEN(fixed_headers); i++)
			add_header(response, fixed_headers[i].name, fixed_headers[i].value);
		add_header(response, "Content-Security-Policy",
			answer->policy.n ? arena_c(arena, answer->policy) : data_policy);
		add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->content_type);
		add_header(response, MHD_HTTP_HEADER_ALLOW, answer->allow);
		add_header(response, "Link", arena_c(arena, buf_str(&answer->link)));
		if (answer->attachment[0])
			add_header(response, MHD_HTTP_HEADER_CONTENT_DISPOSITION,
				arena_printf(
					arena, "attachment; filename=\"%s\"", answer->attachment)
					.p);
		if (answer->retry_after_s)
			add_header(response, MHD_HTTP_HEADER_RETRY_AFTER,
				arena_printf(arena, "%u", answer->retry_after_s).p);
		if (answer->status == 415) /* RFC 9110 15.5.16 */
			add_header(response, MHD_HTTP_HEADER_ACCEPT_ENCODING, "gzip");
		if (answer->status == 401)
			add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, "Bearer");
		if (answer->close)
			add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
		result = MHD_queue_response(connection, answer->status, response);
		MHD_destroy_response(response);
	}
	arena_free(arena);
	return result;
}
