/* api/http_tls.h -- the certificate of the HTTP server, which may be another one while it runs.
 * Knows: PEM. Of the process, as the library that does TLS has no other way to tell: all servers of it that do TLS. */
#pragma once
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

/* The chain (leaf first) and its key, as PEM, for handshakes from now on; those under way end with the pair that they began with.
 * ERR_SYNTAX, and a sentence is appended to `problem`. Texts are copied. */
MUST_CHECK enum err http_tls_use(struct str chain, struct str key, struct buf *problem);
