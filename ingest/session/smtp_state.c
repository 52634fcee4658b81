#include "ingest/session/smtp_received.h"
#include "ingest/session/smtp_state_priv.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

enum { KEEP_MESSAGE_BYTES = 64 << 10, FAULT_DELAY_US = 1000000 };

void smtp_state_take_now(struct smtp_session *session, const struct smtp_now *now)
{
	session->now = *now;
}

/* From each state, those that may follow it. */
#define TO(state) (1u << SMTP_##state)
static const struct {
	struct str name;
	unsigned next;
} state_table[SMTP_STATE_COUNT] = {
	[SMTP_BANNER] = { STR_INIT("banner"), TO(START) | TO(TLS) | TO(END) },
	[SMTP_START] = { STR_INIT("start"), TO(IDLE) | TO(BDAT) | TO(END) },
	[SMTP_TLS] = { STR_INIT("tls"), TO(START) | TO(END) },
	[SMTP_IDLE] = { STR_INIT("idle"), TO(IDLE) | TO(MAIL) | TO(TLS) | TO(BDAT) | TO(END) },
	[SMTP_MAIL] = { STR_INIT("mail"), TO(IDLE) | TO(RCPT) | TO(BDAT) | TO(END) },
	[SMTP_RCPT] = { STR_INIT("rcpt"), TO(IDLE) | TO(DATA) | TO(BDAT) | TO(END) },
	[SMTP_DATA] = { STR_INIT("data"), TO(IDLE) | TO(WAIT) | TO(END) },
	/* A refused chunk leads back to where it was not allowed. */
	[SMTP_BDAT] = { STR_INIT("bdat"),
		TO(START) | TO(IDLE) | TO(MAIL) | TO(CHUNKS) | TO(WAIT) | TO(END) },
	[SMTP_CHUNKS] = { STR_INIT("chunks"), TO(IDLE) | TO(BDAT) | TO(END) },
	[SMTP_WAIT] = { STR_INIT("wait"), TO(IDLE) | TO(END) },
	[SMTP_END] = { STR_INIT("end"), 0 },
};
#undef TO

void smtp_state_enter(struct smtp_session *session, enum smtp_state state)
{
	assert(state_table[session->state].next & 1u << state);
	session->state = state;
	session->state_since_us = session->now.at_us;
	session->state_bytes = 0;
}

void smtp_state_reset(struct smtp_session *session)
{
	arena_reset(session->arena);
	session->envelope = (struct envelope){ 0 };
	session->forward_paths_cap = 0;
	session->refused_recipient = false;
	session->dsn = NULL;
	session->said_dsn = false;
	session->message_bytes = 0;
	smtp_dot_reset(&session->dot);
	buf_reset(&session->message);
	if (session->message.cap > KEEP_MESSAGE_BYTES)
		buf_release(&session->message);
}

/* A fault is answered by 421 when there were too many, and late when there were half as many. */
static enum smtp_reply count_fault(struct smtp_session *session, enum smtp_reply reply)
{
	session->errors++;
	if (session->errors >= session->options->max_errors)
		return SMTP_SAY_TOO_MANY_ERRORS;
	if (session->errors >= session->options->max_errors / 2)
		session->delayed_until_us = session->now.at_us + FAULT_DELAY_US;
	return reply;
}

/* The argument of replies that have a `%`. */
static struct str reply_argument(
	const struct smtp_session *session, enum smtp_reply reply, char room[static 24])
{
	bool lmtp = session->options->protocol == SMTP_PROTOCOL_LMTP;

	switch (reply) {
	case SMTP_SAY_TOO_LARGE:
		snprintf(room, 24, "%" PRIu64, session->options->max_message_bytes);
		return str_c(room);
	case SMTP_SAY_STORED:
		return str_c(session->message_id);
	case SMTP_SAY_HELLO_FIRST:
		return lmtp ? STR("LHLO") : STR("EHLO");
	default:
		return session->options->hostname;
	}
}

static void say_times(struct smtp_session *session, enum smtp_reply reply, size_t times)
{
	char room[24];

	if (smtp_reply_code(reply) >= 400 && smtp_reply_effect(reply) != SMTP_EFFECT_BYE) {
		session->refusals++;
		session->refusals_by[reply]++;
		session->last_refusal = reply;
	}
	if (smtp_reply_effect(reply) == SMTP_EFFECT_FAULT)
		reply = count_fault(session, reply);
	if (smtp_reply_effect(reply) == SMTP_EFFECT_BYE)
		times = 1;
	for (size_t i = 0; i < times; i++)
		smtp_reply_put(&session->output, reply, reply_argument(session, reply, room),
			SMTP_LINE_LAST);
	if (smtp_reply_effect(reply) != SMTP_EFFECT_BYE)
		return;
	session->end = reply;
	smtp_state_enter(session, SMTP_END);
}

void smtp_state_answer(struct smtp_session *session, enum smtp_reply reply)
{
	say_times(session, reply, 1);
}

enum smtp_action smtp_state_next_action(const struct smtp_session *session)
{
	if (session->delayed_until_us)
		return SMTP_DELAY;
	if (session->state == SMTP_TLS)
		return SMTP_STARTTLS;
	return session->state == SMTP_END ? SMTP_CLOSE : SMTP_READ;
}

void smtp_state_greet(struct smtp_session *session)
{
	session->greeted = true;
	smtp_state_enter(session, SMTP_START);
	smtp_state_answer(session, session->options->protocol == SMTP_PROTOCOL_LMTP
					   ? SMTP_SAY_BANNER_LMTP
					   : SMTP_SAY_BANNER);
}

enum smtp_reply smtp_state_room(const struct smtp_session *session)
{
	if (session->now.room == ERR_OK)
		return SMTP_SAY_NOTHING;
	return session->now.room == ERR_NO_SPACE ? SMTP_SAY_NO_SPACE : SMTP_SAY_NOT_STORED;
}

enum smtp_reply smtp_state_no_recipients(const struct smtp_session *session)
{
	/* LMTP has an answer for each recipient, so with none it can only be the order: RFC 2033 4.2. */
	bool lmtp = session->options->protocol == SMTP_PROTOCOL_LMTP;

	return session->refused_recipient && !lmtp ? SMTP_SAY_NO_RECIPIENTS : SMTP_SAY_RCPT_FIRST;
}

/* RFC 5321 4.1.1.4: the transaction is over. */
void smtp_state_answer_message(
	struct smtp_session *session, enum smtp_reply verdict, enum smtp_answers answers)
{
	bool each =
		answers == SMTP_EACH_RECIPIENT && session->options->protocol == SMTP_PROTOCOL_LMTP;

	session->verdict = verdict;
	smtp_state_enter(session, SMTP_IDLE);
	say_times(session, verdict, each ? session->envelope.n_forward_paths : 1);
	smtp_state_reset(session);
	if (session->stopping && session->state != SMTP_END)
		smtp_state_answer(session, SMTP_SAY_STOPPING);
}

static enum smtp_reply judge_message(const struct smtp_session *session)
{
	struct str message = buf_str(&session->message);

	if (session->message_bytes > session->options->max_message_bytes)
		return SMTP_SAY_TOO_LARGE;
	if (buf_check(&session->message))
		return SMTP_SAY_NO_SPACE; /* all sessions together hold as much as they may */
	if (smtp_received_loops(message))
		return SMTP_SAY_LOOP;
	/* Octets that BDAT counted cannot be read as two messages by anybody. */
	if (session->options->bare_line_ends == SMTP_REFUSE_BARE_LINE_ENDS &&
		session->state == SMTP_DATA && smtp_has_bare_line_ends(message))
		return SMTP_SAY_BARE_LINE_ENDS;
	return SMTP_SAY_NOTHING;
}

enum smtp_action smtp_state_finish_message(struct smtp_session *session)
{
	enum smtp_reply verdict = judge_message(session);

	if (!verdict) {
		session->envelope.received_at_us = session->now.wall_us;
		smtp_state_enter(session, SMTP_WAIT);
		return SMTP_STORE;
	}
	smtp_state_answer_message(session, verdict, SMTP_EACH_RECIPIENT);
	return SMTP_REFUSED;
}

void smtp_state_make_room(struct smtp_session *session)
{
	struct buf *message = &session->message;
	size_t left = session->now.memory_left, most = session->options->max_message_bytes;

	message->max = left < most && message->cap < most - left ? message->cap + left : most;
}
