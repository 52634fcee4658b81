/* ingest/smtp/smtp_server_options.h -- what an SMTP server is given, and what of it is allowed. Pure. */
#pragma once
#include "core/err.h"
#include "core/str.h"
#include "ingest/session/smtp_terms.h"
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
	const struct str *token_streams; /* as smtp_session_options has them */
	size_t n_token_streams;
	smtp_proof_fn *proves;
	const void *proves_context;
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
/* ERR_RANGE: a number that cannot be, or more bytes than a record of `writer` holds. */
MUST_CHECK enum err smtp_server_options_check(
	const struct smtp_server_options *options, const struct spool_writer *writer);
/* What of them each session has; what its listener decides is not in it. */
struct smtp_session_options smtp_server_session_options(const struct smtp_server_options *options);
