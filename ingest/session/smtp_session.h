/* ingest/session/smtp_session.h -- one SMTP conversation (RFC 5321): bytes and time in, actions out.
 * Knows: the order of commands, limits, deadlines, what is answered. Does not know sockets, the
 * clock, the spool: the caller stores what SMTP_STORE hands over and says how it went. Pure, no
 * globals. Ownership: the options must outlive the session; envelope and message are the session's
 * and valid from SMTP_STORE to smtp_session_stored.
 * Bounds: core/limits.h and the options; output is what one call says. */
#pragma once
#include "core/buf.h"
#include "core/envelope.h"
#include "ingest/session/smtp_terms.h"

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
uint32_t smtp_session_refusals_by(const struct smtp_session *session, enum smtp_reply reply);
/* Memory that the message holds. */
size_t smtp_session_memory(const struct smtp_session *session);
