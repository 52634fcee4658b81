/* api/http_server_answer_priv.h -- an answer onto a connection: its header fields, and its body, packed where the client takes that.
 * Knows: libmicrohttpd's responses. Does not know requests. */
#pragma once
#include "api/request/answer.h"

#include <microhttpd.h>

/* The answer stays the caller's. `cors_origins`: pages that may read it (api/cors.h). */
enum MHD_Result http_send(
	struct MHD_Connection *connection, const struct answer *answer, struct str cors_origins);
