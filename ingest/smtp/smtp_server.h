/* ingest/smtp/smtp_server.h -- takes mail in by SMTP (RFC 5321) and answers 250 when the spool has it.
 * Knows: sockets, timers, the spool's writer. Does not know the conversation
 * (ingest/session/smtp_session.h), the database, the parser. smtp_server*.c are the only files that see
 * libevent. One thread: the one in smtp_server_run. Logs one line per message stored or refused and
 * one per connection; peers' addresses only with log_addresses.
 * Bounds: sessions and messages in memory by the options, command lines by core/limits.h. */
#pragma once
#include "core/err.h"
#include "core/str.h"
#include "ingest/session/smtp_session.h"
#include "ingest/smtp/smtp_tls.h"
#include "spool/spool.h"

struct smtp_server_options {
	const struct str *listen; /* as ingest/smtp/smtp_listen.h has it; port 0: any free one */
	size_t n_listen;
	const int *
		listen_fds; /* NULL, or n_listen sockets that listen already; the server closes them */
	struct smtp_tls *tls; /* the certificate, which becomes the server's; NULL: none */
	struct str hostname;  /* in the banner and the answer to EHLO */
	const struct smtp_domain *domains; /* none: only postmaster is served */
	size_t n_domains;

	uint64_t max_message_bytes; /* at most spool_writer_max_bytes less SMTP_ENVELOPE_BYTES */
	uint32_t max_recipients;    /* of one transaction, 1 to LIMIT_FORWARD_PATHS */
	uint32_t max_errors;        /* then 421; from half of it each answer waits a second */
	uint32_t max_idle_commands; /* NOOP, RSET, VRFY, HELP, EHLO between messages */
	uint32_t max_sessions;
	uint32_t max_sessions_per_address; /* /32 or /64; 0: no limit */
	uint32_t max_new_per_minute;       /* connections of one /32 or /64; 0: no limit */
	uint32_t max_messages_per_minute;  /* of one /32 or /64; 0: no limit; then 450 to MAIL */
	uint32_t site_factor; /* an IPv6 /48 may have so many times these three; 0: not counted */
	const struct str *exempt; /* "192.0.2.1", "127.0.0.0/8", "::1": no such limits */
	size_t n_exempt;
	const struct str *proxies; /* peers that begin with a PROXY header, and must, on TCP */
	size_t n_proxies;
	enum smtp_reply refusal; /* of a recipient that is not ours; 0: NOT_OURS */
	enum smtp_bare_line_ends bare_line_ends;
	uint64_t max_memory_bytes; /* messages of all sessions while they arrive */

	int64_t banner_delay_ms; /* 0: greet at once; else who talks first is refused */
	int64_t idle_timeout_ms;
	int64_t crowded_idle_ms;    /* instead, while nine tenths of max_sessions are open */
	int64_t proxy_timeout_ms;   /* for a PROXY header */
	int64_t tls_timeout_ms;     /* for a handshake */
	int64_t command_timeout_ms; /* from a command's first byte to its last */
	int64_t session_timeout_ms;
	int64_t data_grace_ms;     /* DATA may take this long, and then as long as */
	uint32_t data_bytes_per_s; /* this rate allows */
	int64_t commit_timeout_ms; /* the spool's answer; then 451 */
	int64_t shutdown_grace_ms; /* for messages in flight on stop */
	bool log_addresses;        /* of peers */
};
/* Largest encoded envelope: LIMIT_FORWARD_PATHS paths with ORCPT and the rest, rounded up. */
#define SMTP_ENVELOPE_BYTES ((uint64_t)800 << 10)

/* Defaults for a server on the Internet; listen, hostname ("localhost") and domains are the
 * caller's. Loopback is exempt from the limits per network. */
void smtp_server_options_init(struct smtp_server_options *options);

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
