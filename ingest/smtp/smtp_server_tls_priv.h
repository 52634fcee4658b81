/* ingest/smtp/smtp_server_tls_priv.h -- a connection's bytes go through TLS from now on.
 * Knows: libevent's way to OpenSSL. Does not know what the connection does next. */
#pragma once
#include "ingest/smtp/smtp_server_parts_priv.h"

/* Takes the plain bufferevent's socket over, frees that, and sets client->ssl. The caller adopts what comes back. */
struct bufferevent *client_wrap_tls(struct client *client);
/* Why its handshake failed. */
struct str client_tls_error(const struct client *client);
