/* ingest/session/smtp_terms.h -- the terms of a session: what it is told, and what it asks of its caller. */
#pragma once
#include "core/err.h"
#include "core/str.h"
#include "ingest/session/smtp_reply.h"
#include "ingest/text/smtp_recipient.h"

enum smtp_protocol { SMTP_PROTOCOL_SMTP, SMTP_PROTOCOL_LMTP /* RFC 2033 */ };
enum smtp_tls_use {
	SMTP_TLS_OFF,
	SMTP_TLS_OFFERED,  /* STARTTLS, RFC 3207 */
	SMTP_TLS_REQUIRED, /* no MAIL before STARTTLS */
	SMTP_TLS_IMPLICIT, /* before the banner, RFC 8314 3 */
};
enum smtp_bare_line_ends { SMTP_KEEP_BARE_LINE_ENDS, SMTP_REFUSE_BARE_LINE_ENDS };

/* Is a return path of ours signed, and still valid? Pure. */
typedef bool smtp_proof_fn(
	const void *context, struct str local, struct str domain, int64_t wall_us);

struct smtp_session_options {
	struct str hostname;
	const struct smtp_domain *domains;
	size_t n_domains;
	uint64_t max_message_bytes;
	uint32_t max_recipients, max_errors, max_idle_commands;
	int64_t banner_delay_us, idle_timeout_us, crowded_idle_us, command_timeout_us;
	int64_t session_timeout_us;
	int64_t data_grace_us, commit_timeout_us;
	uint32_t data_bytes_per_s;
	enum smtp_protocol protocol;
	enum smtp_tls_use tls;
	int64_t tls_timeout_us;                  /* of a handshake */
	enum smtp_reply refusal;                 /* of a recipient that is not ours; 0: NOT_OURS */
	enum smtp_bare_line_ends bare_line_ends; /* of DATA; never an end of line either way */
	const struct str *token_streams;         /* whose return paths must be signed; "*": all */
	size_t n_token_streams;
	smtp_proof_fn *proves; /* asked for those streams; may be NULL where there are none */
	const void *proves_context;
};

/* The world as of one call. */
struct smtp_now {
	int64_t at_us;      /* any clock that never goes back */
	int64_t wall_us;    /* since 1970, for the envelope */
	enum err room;      /* would the spool take a message of the largest size? */
	size_t memory_left; /* that this session's message may still grow by */
	bool crowded;       /* too many sessions: the idle ones go earlier */
	bool throttled;     /* the peer's network has sent its messages of this minute */
};

enum smtp_action {
	SMTP_READ,    /* all input is used up: send the output, wait for more */
	SMTP_STORE,   /* store the message, feed nothing until smtp_session_stored */
	SMTP_REFUSED, /* a message was refused after its end (smtp_session_verdict): feed on */
	SMTP_DELAY,   /* send nothing and feed nothing until smtp_session_tick says SMTP_READ */
	SMTP_STARTTLS, /* send the output, shake hands, feed nothing until smtp_session_tls_started */
	SMTP_CLOSE,    /* send the output and close */
};
