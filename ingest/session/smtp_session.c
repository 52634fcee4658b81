#include "ingest/session/smtp_session.h"

#include "ingest/session/smtp_chunk_priv.h"
#include "ingest/session/smtp_command_priv.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OUTPUT_BYTES_MAX = 1 << 20, /* of one call: a burst of pipelined commands */
	TLS_HANDSHAKE = 0x16, /* first byte of a TLS record that carries a hello, RFC 8446 5.1 */
};

static void copy_text(char *room, size_t bytes, struct str text)
{
	text = str_head(text, bytes - 1);
	if (text.n)
		memcpy(room, text.p, text.n);
	room[text.n] = '\0';
}

struct smtp_session *smtp_session_new(const struct smtp_session_options *options, struct str id,
	struct str peer, const struct smtp_now *now)
{
	struct smtp_session *session = calloc(1, sizeof *session);

	if (!session)
		abort();
	session->options = options;
	session->arena = arena_new();
	copy_text(session->id, sizeof session->id, id);
	copy_text(session->peer, sizeof session->peer, peer);
	buf_init(&session->output, OUTPUT_BYTES_MAX);
	buf_init(&session->message, options->max_message_bytes);
	smtp_state_take_now(session, now);
	session->started_us = session->last_input_us = session->state_since_us = now->at_us;
	return session;
}

void smtp_session_free(struct smtp_session *session)
{
	if (!session)
		return;
	arena_free(session->arena);
	buf_release(&session->output);
	buf_release(&session->message);
	free(session);
}

void smtp_session_freep(struct smtp_session **session)
{
	smtp_session_free(*session);
}

void smtp_session_set_peer(struct smtp_session *session, struct str peer)
{
	copy_text(session->peer, sizeof session->peer, peer);
}

enum smtp_action smtp_session_start(struct smtp_session *session)
{
	if (session->options->tls == SMTP_TLS_IMPLICIT)
		smtp_state_enter(session, SMTP_TLS);
	else if (!session->options->banner_delay_us)
		smtp_state_greet(session);
	return smtp_state_next_action(session);
}

enum smtp_action smtp_session_tls_started(
	struct smtp_session *session, const struct smtp_now *now, struct str tls)
{
	assert(session->state == SMTP_TLS && tls.n);
	smtp_state_take_now(session, now);
	session->last_input_us = now->at_us;
	copy_text(session->tls, sizeof session->tls, tls);
	session->helo[0] = '\0';
	smtp_state_reset(session);
	smtp_line_reset(&session->line);
	if (session->greeted)
		smtp_state_enter(session, SMTP_START);
	else
		smtp_state_greet(session);
	return smtp_state_next_action(session);
}

/* What is over a limit is read to its end and thrown away: the answer comes behind the dot. */
static enum smtp_action feed_data(struct smtp_session *session, struct str *rest)
{
	struct buf *message = &session->message;
	enum step step;

	smtp_state_make_room(session);
	step = smtp_dot_take(&session->dot, rest, message->failed ? NULL : message);
	session->message_bytes = session->state_bytes = session->dot.bytes;
	return step == STEP_MORE ? SMTP_READ : smtp_state_finish_message(session);
}

static void feed_line(struct smtp_session *session, struct str *rest)
{
	struct str text;

	if (!session->line.n)
		session->line_started_us = session->now.at_us;
	switch (smtp_line_take(&session->line, rest, &text)) {
	case SMTP_LINE_MORE:
		break;
	case SMTP_LINE_WHOLE:
		session->more_waits = rest->n != 0;
		smtp_command_run(session, text);
		break;
	case SMTP_LINE_TOO_LONG:
		smtp_state_answer(session, SMTP_SAY_LINE_TOO_LONG);
		break;
	case SMTP_LINE_JUNK:
		smtp_state_answer(session, SMTP_SAY_JUNK);
		break;
	}
}

/* The first bytes tell who talks too early, and who does not talk SMTP at all. */
static bool refuses_first_bytes(struct smtp_session *session, struct str bytes)
{
	bool first = !session->any_input;

	session->any_input = true;
	if (session->state == SMTP_BANNER)
		smtp_state_answer(session, SMTP_SAY_EARLY);
	else if (first && *bytes.p == TLS_HANDSHAKE)
		smtp_state_answer(session, SMTP_SAY_NOT_SMTP);
	return session->state == SMTP_END;
}

enum smtp_action smtp_session_feed(
	struct smtp_session *session, const struct smtp_now *now, struct str *rest)
{
	enum smtp_action action = smtp_state_next_action(session);

	smtp_state_take_now(session, now);
	if (!rest->n || action != SMTP_READ)
		return action;
	session->last_input_us = now->at_us;
	if (refuses_first_bytes(session, *rest))
		return SMTP_CLOSE;
	while (rest->n && action == SMTP_READ) {
		if (session->state == SMTP_DATA) {
			action = feed_data(session, rest);
			continue;
		}
		if (session->state != SMTP_BDAT) {
			feed_line(session, rest);
			action = smtp_state_next_action(session);
		}
		if (session->state == SMTP_BDAT) /* at once too: a chunk may be empty */
			action = smtp_chunk_feed(session, rest);
	}
	return action;
}

static enum smtp_reply stored_reply(enum err err)
{
	if (err == ERR_OK)
		return SMTP_SAY_STORED;
	return err == ERR_NO_SPACE ? SMTP_SAY_NO_SPACE : SMTP_SAY_NOT_STORED;
}

enum smtp_action smtp_session_stored(
	struct smtp_session *session, const struct smtp_now *now, enum err err)
{
	assert(session->state == SMTP_WAIT);
	smtp_state_take_now(session, now);
	session->last_input_us = now->at_us; /* the peer waited for us, not we for it */
	if (!err) {
		session->messages++;
		session->idle_commands = session->commands = 0;
	}
	smtp_state_answer_message(session, stored_reply(err), SMTP_EACH_RECIPIENT);
	return smtp_state_next_action(session);
}

struct buf *smtp_session_output(struct smtp_session *session)
{
	return &session->output;
}

const struct envelope *smtp_session_envelope(const struct smtp_session *session)
{
	return &session->envelope;
}

struct str smtp_session_message(const struct smtp_session *session)
{
	return buf_str(&session->message);
}

bool smtp_session_waits_for_store(const struct smtp_session *session)
{
	return session->state == SMTP_WAIT;
}

uint64_t smtp_session_transaction(const struct smtp_session *session)
{
	return session->transaction;
}

enum smtp_reply smtp_session_verdict(const struct smtp_session *session)
{
	return session->verdict;
}

struct str smtp_session_message_id(const struct smtp_session *session)
{
	return str_c(session->message_id);
}

struct str smtp_session_id(const struct smtp_session *session)
{
	return str_c(session->id);
}

struct str smtp_session_tls(const struct smtp_session *session)
{
	return str_c(session->tls);
}

uint64_t smtp_session_messages(const struct smtp_session *session)
{
	return session->messages;
}

enum smtp_reply smtp_session_end(const struct smtp_session *session)
{
	return session->end;
}

uint64_t smtp_session_refusals(const struct smtp_session *session)
{
	return session->refusals;
}

uint32_t smtp_session_refusals_by(const struct smtp_session *session, enum smtp_reply reply)
{
	return session->refusals_by[reply];
}

enum smtp_reply smtp_session_last_refusal(const struct smtp_session *session)
{
	return session->last_refusal;
}

size_t smtp_session_memory(const struct smtp_session *session)
{
	return session->message.cap;
}
