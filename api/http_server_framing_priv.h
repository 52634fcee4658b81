/* api/http_server_framing_priv.h -- the lines and fields that decide how a request is cut out of the stream.
 * Knows: libmicrohttpd's header lists, RFC 9112 2.2, 3.2 and 6.3. Does not know: routes, bodies. */
#pragma once
#include "api/http_server_lines_priv.h"

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

struct framing {
	unsigned content_lengths, transfer_encodings, hosts;
	uint64_t content_length;
	bool malformed;
	bool expects; /* waits for 100 before it sends the body, RFC 9110 10.1.1 */
	size_t header_bytes;
	struct header_lines lines;
};

/* What the request line is made of, where the library has it. */
struct request_line {
	const char *method, *target, *version;
	size_t target_bytes;
};

void framing_read(struct MHD_Connection *connection, const struct request_line *line,
	struct framing *ret_framing);
/* False for what a proxy in front of us may have read in another way. */
bool framing_is_clear(const struct framing *framing);
static inline bool framing_has_body(const struct framing *framing)
{
	return framing->content_length || framing->transfer_encodings;
}
