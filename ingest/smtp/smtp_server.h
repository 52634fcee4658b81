/* ingest/smtp/smtp_server.h -- takes mail in by SMTP (RFC 5321) and answers 250 when the spool has it.
 * Knows: sockets, timers, the spool's writer. Does not know the conversation
 * (ingest/session/smtp_session.h), the database, the parser. smtp_server*.c are the only files that see
 * libevent. One thread: the one in smtp_server_run. Logs one line per message stored or refused and
 * one per connection; peers' addresses only with log_addresses.
 * Bounds: sessions and messages in memory by the options, command lines by core/limits.h. */
#pragma once
#include "core/err.h"
#include "ingest/smtp/smtp_server_options.h"
#include "ingest/smtp/smtp_tls.h"
#include "spool/spool.h"

struct smtp_server_stats {
	uint64_t connections; /* accepted, the refused ones among them */
	uint64_t refused;     /* 421 at the door: caps */
	uint64_t sessions;    /* open now */
	uint64_t messages;    /* 250 after the dot */
	uint64_t message_bytes;
	uint64_t deferred;          /* 4xx after the dot */
	uint64_t rejected;          /* 5xx after the dot */
	uint64_t stored_unanswered; /* stored, but the peer or the answer was gone */
	uint64_t memory_bytes;      /* of messages that arrive now */
};

struct smtp_server;

/* Binds and listens; the options' texts are copied, options->tls is taken in any case. `writer` must
 * outlive the server, and nobody else may reap it. ERR_RANGE: an option, TLS without a certificate;
 * ERR_SYNTAX: an address; ERR_EXISTS: an address is in use; ERR_NOT_FOUND; ERR_DENIED; ERR_IO. */
MUST_CHECK enum err smtp_server_new(const struct smtp_server_options *options,
	struct spool_writer *writer, struct smtp_server **ret_server);
void smtp_server_free(struct smtp_server *server);
/* For CLEANUP(smtp_server_freep). */
void smtp_server_freep(struct smtp_server **server);
/* The port of listener i; 0 without one. */
unsigned smtp_server_port(const struct smtp_server *server, size_t i);
/* Serves until smtp_server_stop: then listeners close, idle sessions get 421 4.3.2, a DATA in
 * flight is finished and answered within shutdown_grace_ms. Ignores SIGPIPE process-wide. */
MUST_CHECK enum err smtp_server_run(struct smtp_server *server);
/* From any thread: handshakes that begin later are made with `take_tls`. A server without a
 * certificate gets none. */
void smtp_server_set_tls(struct smtp_server *server, struct smtp_tls *take_tls);
/* From any thread or a signal handler; once is enough. */
void smtp_server_stop(struct smtp_server *server);
/* From any thread. */
void smtp_server_stats(const struct smtp_server *server, struct smtp_server_stats *ret_stats);
