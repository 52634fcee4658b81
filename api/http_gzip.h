/* api/http_gzip.h -- an answer in fewer bytes, and a body that came in fewer.
 * Knows: zlib (RFC 1952). Does not know who wants it, or HTTP. Bounds: a buffer as large as the bytes; the buffer that is filled. */
#pragma once
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum { GZIP_MIN_BYTES = 1024 }; /* less fits a packet as it is */

/* In memory of malloc, the caller's to free; NULL: it would not be smaller. */
char *http_gzip(struct str bytes, size_t *ret_n);
/* Appends what is packed in all members of it. ERR_SYNTAX: it is no gzip, or a part of one. ERR_LIMIT: `out` has no room: nothing
 * more is unpacked. */
MUST_CHECK enum err http_gunzip(struct str packed, struct buf *out);
