/* api/http_tls_priv.h -- the certificate that handshakes of the HTTP server take.
 * Knows: GnuTLS, which libmicrohttpd does TLS with. Does not know files, sockets, HTTP.
 * What was replaced is kept for TLS_RETIRE_S, since a handshake may still lean on it: all are over by then (http_deadlines). */
#pragma once
#include "api/http_tls.h"

#include <gnutls/abstract.h>
#include <stdint.h>

enum { TLS_RETIRE_S = 600, TLS_CHAIN = 16 };

/* For MHD_OPTION_HTTPS_CERT_CALLBACK. */
gnutls_certificate_retrieve_function2 http_tls_choose;
/* TLS 1.2 and later, with forward secrecy by elliptic curves (ingest/smtp/smtp_tls has why). */
extern const char http_tls_priorities[];
/* When the certificate ends, in seconds since 1970; 0: there is none. */
int64_t http_tls_until_s(void);
