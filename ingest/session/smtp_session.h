/* ingest/session/smtp_session.h -- one SMTP conversation (RFC 5321): bytes and time in, actions out.
 * Knows: the order of commands, limits, deadlines, what is answered. Does not know sockets, the
 * clock, the spool: the caller stores what SMTP_STORE hands over and says how it went. Pure, no
 * globals. Ownership: the options must outlive the session; envelope and message are the session's
 * and valid from SMTP_STORE to smtp_session_stored.
 * Bounds: core/limits.h and the options; output is what one call says. */
#pragma once
#include "core/buf.h"
#include "core/envelope.h"
#include "core/err.h"
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

struct smtp_session;

/* `id` and `peer` (the address as text) are copied. */
struct smtp_session *smtp_session_new(const struct smtp_session_options *options, struct str id,
	struct str peer, const struct smtp_now *now);
void smtp_session_free(struct smtp_session *session);
/* For CLEANUP(smtp_session_freep). */
void smtp_session_freep(struct smtp_session **session);

/* Another peer than the one that connected: a proxy spoke for it. Before smtp_session_start. */
void smtp_session_set_peer(struct smtp_session *session, struct str peer);
/* Says the banner, or leaves it to smtp_session_tick where options.banner_delay_us is set, or to
 * smtp_session_tls_started. */
enum smtp_action smtp_session_start(struct smtp_session *session);
/* The handshake that SMTP_STARTTLS asked for is done; `tls` names version and cipher, for the log.
 * Whatever was said before is forgotten (RFC 3207 4.2). */
enum smtp_action smtp_session_tls_started(
	struct smtp_session *session, const struct smtp_now *now, struct str tls);
/* Takes bytes off *rest until one of the actions is due. *rest is all that has arrived: what stands
 * behind a DATA in it was sent before the 354. */
enum smtp_action smtp_session_feed(
	struct smtp_session *session, const struct smtp_now *now, struct str *rest);
/* ERR_OK: on stable storage. Answers, and goes on with SMTP_READ or SMTP_CLOSE. */
enum smtp_action smtp_session_stored(
	struct smtp_session *session, const struct smtp_now *now, enum err err);
/* When smtp_session_tick is due, by the clock of at_us. */
int64_t smtp_session_deadline(const struct smtp_session *session);
/* Earlier than the deadline it does nothing (SMTP_READ, or SMTP_DELAY in a delay). A store that
 * takes too long is answered 451 and is no longer waited for. */
enum smtp_action smtp_session_tick(struct smtp_session *session, const struct smtp_now *now);
/* 421 now, or behind the answer to a message in flight. */
enum smtp_action smtp_session_stop(struct smtp_session *session);

/* What is to be sent; the caller empties it with buf_reset. */
struct buf *smtp_session_output(struct smtp_session *session);
/* Between SMTP_STORE and smtp_session_stored. */
const struct envelope *smtp_session_envelope(const struct smtp_session *session);
struct str smtp_session_message(const struct smtp_session *session);
bool smtp_session_waits_for_store(const struct smtp_session *session);
/* Counts the transactions; a completion for another one than the present is late. */
uint64_t smtp_session_transaction(const struct smtp_session *session);
/* The answer to the last message; its id, "SESSION-NUMBER". */
enum smtp_reply smtp_session_verdict(const struct smtp_session *session);
struct str smtp_session_message_id(const struct smtp_session *session);
struct str smtp_session_id(const struct smtp_session *session);
/* As told to smtp_session_tls_started; empty: no TLS. */
struct str smtp_session_tls(const struct smtp_session *session);
uint64_t smtp_session_messages(const struct smtp_session *session);
/* The last reply that ended the session, SMTP_SAY_NOTHING before. */
enum smtp_reply smtp_session_end(const struct smtp_session *session);
/* Answers of 4xx and 5xx that did not end the session, and the last of them (SMTP_SAY_NOTHING: none). */
uint64_t smtp_session_refusals(const struct smtp_session *session);
enum smtp_reply smtp_session_last_refusal(const struct smtp_session *session);
/* Memory that the message holds. */
size_t smtp_session_memory(const struct smtp_session *session);
