/* ingest/smtp/smtp_tls.h -- a certificate and its key, ready for handshakes.
 * Knows: PEM, TLS 1.2 and later by OpenSSL's own defaults, less key exchanges without forward secrecy and those in
 * finite fields. Beside smtp_probe the one stem that sees OpenSSL's headers. Does not know files by name, the event loop, SMTP. A struct
 * smtp_tls may be freed while connections made of it live. No client certificate is asked for: a bounce comes
 * from anybody. */
#pragma once
#include "core/err.h"
#include "core/str.h"

#include <stdint.h>

struct ssl_st; /* OpenSSL's SSL */
struct smtp_tls;
enum { SMTP_TLS_TROUBLE_BYTES = 200, SMTP_TLS_TEXT_BYTES = 64 };

/* OpenSSL reads its own configuration (the operator's rules for all programs of the machine) when it is
 * first used. Before a sandbox closes the file system that must have happened. */
void smtp_tls_prepare(void);

/* The chain (leaf first) and the leaf's key, which must not have a passphrase. ERR_SYNTAX: not such
 * PEM; ERR_CONFLICT: the key is another certificate's. `trouble` says what is wrong. */
MUST_CHECK enum err smtp_tls_new(struct str chain_pem, struct str key_pem,
	char trouble[static SMTP_TLS_TROUBLE_BYTES], struct smtp_tls **ret_tls);
/* The same, of two open files, read from their start. The descriptors stay the caller's. */
MUST_CHECK enum err smtp_tls_load(int chain_fd, int key_fd,
	char trouble[static SMTP_TLS_TROUBLE_BYTES], struct smtp_tls **ret_tls);
void smtp_tls_free(struct smtp_tls *tls);
/* When the leaf ends, in seconds since 1970; 0: it does not say. */
int64_t smtp_tls_until_s(const struct smtp_tls *tls);

/* The server's end of a new connection, for bufferevent_openssl_socket_new, which will own it. */
struct ssl_st *smtp_tls_accept(struct smtp_tls *tls);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384" */
struct str smtp_tls_describe(const struct ssl_st *ssl, char room[static SMTP_TLS_TEXT_BYTES]);
/* close_notify, not waited for: who reads on knows that nothing was cut off. */
void smtp_tls_bye(struct ssl_st *ssl);
/* OpenSSL's words for an error number; "connection lost" for 0. */
struct str smtp_tls_error(unsigned long number);
