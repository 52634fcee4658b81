/* api/http_gzip.h -- an answer in fewer bytes.
 * Knows: zlib (RFC 1952). Does not know who wants it, or HTTP. Bounds: a buffer as large as the bytes. */
#pragma once
#include "core/str.h"

enum { GZIP_MIN_BYTES = 1024 }; /* less fits a packet as it is */

/* In memory of malloc, the caller's to free; NULL: it would not be smaller. */
char *http_gzip(struct str bytes, size_t *ret_n);
