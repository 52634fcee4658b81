#include "ingest/session/smtp_session_priv.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OUTPUT_BYTES_MAX = 1 << 20, /* of one call: a burst of pipelined commands */
	KEEP_MESSAGE_BYTES = 64 << 10,
	FAULT_DELAY_US = 1000000,
	TLS_HANDSHAKE = 0x16, /* first byte of a TLS record that carries a hello, RFC 8446 5.1 */
};

void smtp_session_take_now(struct smtp_session *session, const struct smtp_now *now)
{
	session->now = *now;
}

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
	smtp_session_take_now(session, now);
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

void smtp_session_enter(struct smtp_session *session, enum smtp_state state)
{
	assert(state_table[session->state].next & 1u << state);
	session->state = state;
	session->state_since_us = session->now.at_us;
	session->state_bytes = 0;
}

void smtp_session_reset(struct smtp_session *session)
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
	smtp_session_enter(session, SMTP_END);
}

void smtp_session_answer(struct smtp_session *session, enum smtp_reply reply)
{
	say_times(session, reply, 1);
}

enum smtp_action smtp_session_next_action(const struct smtp_session *session)
{
	if (session->delayed_until_us)
		return SMTP_DELAY;
	if (session->state == SMTP_TLS)
		return SMTP_STARTTLS;
	return session->state == SMTP_END ? SMTP_CLOSE : SMTP_READ;
}

void smtp_session_greet(struct smtp_session *session)
{
	session->greeted = true;
	smtp_session_enter(session, SMTP_START);
	smtp_session_answer(session, session->options->protocol == SMTP_PROTOCOL_LMTP
					     ? SMTP_SAY_BANNER_LMTP
					     : SMTP_SAY_BANNER);
}

void smtp_session_set_peer(struct smtp_session *session, struct str peer)
{
	copy_text(session->peer, sizeof session->peer, peer);
}

enum smtp_action smtp_session_start(struct smtp_session *session)
{
	if (session->options->tls == SMTP_TLS_IMPLICIT)
		smtp_session_enter(session, SMTP_TLS);
	else if (!session->options->banner_delay_us)
		smtp_session_greet(session);
	return smtp_session_next_action(session);
}

enum smtp_action smtp_session_tls_started(
	struct smtp_session *session, const struct smtp_now *now, struct str tls)
{
	assert(session->state == SMTP_TLS && tls.n);
	smtp_session_take_now(session, now);
	session->last_input_us = now->at_us;
	copy_text(session->tls, sizeof session->tls, tls);
	session->helo[0] = '\0';
	smtp_session_reset(session);
	smtp_line_reset(&session->line);
	if (session->greeted)
		smtp_session_enter(session, SMTP_START);
	else
		smtp_session_greet(session);
	return smtp_session_next_action(session);
}

enum smtp_reply smtp_session_room(const struct smtp_session *session)
{
	if (session->now.room == ERR_OK)
		return SMTP_SAY_NOTHING;
	return session->now.room == ERR_NO_SPACE ? SMTP_SAY_NO_SPACE : SMTP_SAY_NOT_STORED;
}

enum smtp_reply smtp_session_no_recipients(const struct smtp_session *session)
{
	/* LMTP has an answer for each recipient, so with none it can only be the order: RFC 2033 4.2. */
	bool lmtp = session->options->protocol == SMTP_PROTOCOL_LMTP;

	return session->refused_recipient && !lmtp ? SMTP_SAY_NO_RECIPIENTS : SMTP_SAY_RCPT_FIRST;
}

/* RFC 5321 4.1.1.4: the transaction is over. */
void smtp_session_answer_message(
	struct smtp_session *session, enum smtp_reply verdict, enum smtp_answers answers)
{
	bool each =
		answers == SMTP_EACH_RECIPIENT && session->options->protocol == SMTP_PROTOCOL_LMTP;

	session->verdict = verdict;
	smtp_session_enter(session, SMTP_IDLE);
	say_times(session, verdict, each ? session->envelope.n_forward_paths : 1);
	smtp_session_reset(session);
	if (session->stopping && session->state != SMTP_END)
		smtp_session_answer(session, SMTP_SAY_STOPPING);
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

enum smtp_action smtp_session_finish_message(struct smtp_session *session)
{
	enum smtp_reply verdict = judge_message(session);

	if (!verdict) {
		session->envelope.received_at_us = session->now.wall_us;
		smtp_session_enter(session, SMTP_WAIT);
		return SMTP_STORE;
	}
	smtp_session_answer_message(session, verdict, SMTP_EACH_RECIPIENT);
	return SMTP_REFUSED;
}

void smtp_session_make_room(struct smtp_session *session)
{
	struct buf *message = &session->message;
	size_t left = session->now.memory_left, most = session->options->max_message_bytes;

	message->max = left < most && message->cap < most - left ? message->cap + left : most;
}

/* What is over a limit is read to its end and thrown away: the answer comes behind the dot. */
static enum smtp_action feed_data(struct smtp_session *session, struct str *rest)
{
	struct buf *message = &session->message;
	enum step step;

	smtp_session_make_room(session);
	step = smtp_dot_take(&session->dot, rest, message->failed ? NULL : message);
	session->message_bytes = session->state_bytes = session->dot.bytes;
	return step == STEP_MORE ? SMTP_READ : smtp_session_finish_message(session);
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
		smtp_session_answer(session, SMTP_SAY_LINE_TOO_LONG);
		break;
	case SMTP_LINE_JUNK:
		smtp_session_answer(session, SMTP_SAY_JUNK);
		break;
	}
}

/* The first bytes tell who talks too early, and who does not talk SMTP at all. */
static bool refuses_first_bytes(struct smtp_session *session, struct str bytes)
{
	bool first = !session->any_input;

	session->any_input = true;
	if (session->state == SMTP_BANNER)
		smtp_session_answer(session, SMTP_SAY_EARLY);
	else if (first && *bytes.p == TLS_HANDSHAKE)
		smtp_session_answer(session, SMTP_SAY_NOT_SMTP);
	return session->state == SMTP_END;
}

enum smtp_action smtp_session_feed(
	struct smtp_session *session, const struct smtp_now *now, struct str *rest)
{
	enum smtp_action action = smtp_session_next_action(session);

	smtp_session_take_now(session, now);
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
			action = smtp_session_next_action(session);
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
	smtp_session_take_now(session, now);
	session->last_input_us = now->at_us; /* the peer waited for us, not we for it */
	if (!err) {
		session->messages++;
		session->idle_commands = session->commands = 0;
	}
	smtp_session_answer_message(session, stored_reply(err), SMTP_EACH_RECIPIENT);
	return smtp_session_next_action(session);
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

enum smtp_reply smtp_session_last_refusal(const struct smtp_session *session)
{
	return session->last_refusal;
}

size_t smtp_session_memory(const struct smtp_session *session)
{
	return session->message.cap;
}
