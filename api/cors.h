/* api/cors.h -- which pages of other sites may ask by a browser, as the Fetch standard has it (CORS).
 * Knows: origins as text (RFC 6454 6.2), exact, never a pattern. Does not know libmicrohttpd, routes, keys. Pure, borrows.
 * No answer allows credentials: a key comes in the Authorization field that the page sets, never from a cookie. */
#pragma once
#include "core/str.h"

/* "https://name", "http://name:port", "https://[ipv6]:port": lower-case, nothing behind. */
bool cors_is_origin(struct str text);
/* `origins` are apart by commas. False for an empty origin. */
bool cors_allows(struct str origins, struct str origin);

/* What a page may read of an answer, and may send. */
extern const char cors_exposed[], cors_headers[];
enum { CORS_MAX_AGE_S = 600 };
