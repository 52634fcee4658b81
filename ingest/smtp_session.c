#include "ingest/smtp_session_priv.h"

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

static void take_now(struct smtp_session *session, const struct smtp_now *now)
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
	take_now(session, now);
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
	[SMTP_BANNER] = { STR_INIT("banner"), TO(START) | TO(END) },
	[SMTP_START] = { STR_INIT("start"), TO(IDLE) | TO(END) },
	[SMTP_IDLE] = { STR_INIT("idle"), TO(IDLE) | TO(MAIL) | TO(END) },
	[SMTP_MAIL] = { STR_INIT("mail"), TO(IDLE) | TO(RCPT) | TO(END) },
	[SMTP_RCPT] = { STR_INIT("rcpt"), TO(IDLE) | TO(DATA) | TO(END) },
	[SMTP_DATA] = { STR_INIT("data"), TO(IDLE) | TO(WAIT) | TO(END) },
	[SMTP_WAIT] = { STR_INIT("wait"), TO(IDLE) | TO(END) },
	[SMTP_END] = { STR_INIT("end"), 0 },
};
#undef TO

void smtp_session_enter(struct smtp_session *session, enum smtp_state state)
{
	assert(state_table[session->state].next & 1u << state);
	session->state = state;
	session->state_since_us = session->now.at_us;
}

void smtp_session_reset(struct smtp_session *session)
{
	arena_reset(session->arena);
	session->envelope = (struct envelope){ 0 };
	session->forward_paths_cap = 0;
	session->refused_recipient = false;
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

void smtp_session_say(struct smtp_session *session, enum smtp_reply reply, struct str argument)
{
	if (smtp_reply_effect(reply) == SMTP_EFFECT_FAULT)
		reply = count_fault(session, reply);
	smtp_reply_put(&session->output, reply, argument, SMTP_LINE_LAST);
	if (smtp_reply_effect(reply) != SMTP_EFFECT_BYE)
		return;
	session->end = reply;
	smtp_session_enter(session, SMTP_END);
}

static void say(struct smtp_session *session, enum smtp_reply reply)
{
	smtp_session_say(session, reply, session->options->hostname);
}

static enum smtp_action next_action(const struct smtp_session *session)
{
	if (session->delayed_until_us)
		return SMTP_DELAY;
	return session->state == SMTP_END ? SMTP_CLOSE : SMTP_READ;
}

static void greet(struct smtp_session *session)
{
	smtp_session_enter(session, SMTP_START);
	say(session, SMTP_SAY_BANNER);
}

void smtp_session_start(struct smtp_session *session)
{
	if (!session->options->banner_delay_us)
		greet(session);
}

/* Behind the end of a message: the transaction is over (RFC 5321 4.1.1.4). */
static void answer_message(
	struct smtp_session *session, enum smtp_reply verdict, struct str argument)
{
	session->verdict = verdict;
	smtp_session_enter(session, SMTP_IDLE);
	smtp_session_say(session, verdict, argument);
	smtp_session_reset(session);
	if (session->stopping && session->state != SMTP_END)
		say(session, SMTP_SAY_STOPPING);
}

static enum smtp_reply judge_message(const struct smtp_session *session)
{
	if (session->dot.bytes > session->options->max_message_bytes)
		return SMTP_SAY_TOO_LARGE;
	if (buf_check(&session->message))
		return SMTP_SAY_NO_SPACE; /* all sessions together hold as much as they may */
	if (smtp_received_loops(buf_str(&session->message)))
		return SMTP_SAY_LOOP;
	return SMTP_SAY_NOTHING;
}

static enum smtp_action finish_message(struct smtp_session *session)
{
	enum smtp_reply verdict = judge_message(session);
	char room[24];

	if (!verdict) {
		session->envelope.received_at_us = session->now.wall_us;
		smtp_session_enter(session, SMTP_WAIT);
		return SMTP_STORE;
	}
	snprintf(room, sizeof room, "%" PRIu64, session->options->max_message_bytes);
	answer_message(session, verdict, str_c(room));
	return SMTP_REFUSED;
}

/* What is over a limit is read to its end and thrown away: the answer comes behind the dot. */
static enum smtp_action feed_data(struct smtp_session *session, struct str *rest)
{
	struct buf *message = &session->message;
	size_t left = session->now.memory_left, most = session->options->max_message_bytes;

	message->max = left < most && message->cap < most - left ? message->cap + left : most;
	if (smtp_dot_take(&session->dot, rest, message->failed ? NULL : message) == STEP_MORE)
		return SMTP_READ;
	return finish_message(session);
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
		say(session, SMTP_SAY_LINE_TOO_LONG);
		break;
	case SMTP_LINE_JUNK:
		say(session, SMTP_SAY_JUNK);
		break;
	}
}

/* The first bytes tell who talks too early, and who does not talk SMTP at all. */
static bool refuses_first_bytes(struct smtp_session *session, struct str bytes)
{
	bool first = !session->any_input;

	session->any_input = true;
	if (session->state == SMTP_BANNER)
		say(session, SMTP_SAY_EARLY);
	else if (first && *bytes.p == TLS_HANDSHAKE)
		say(session, SMTP_SAY_NOT_SMTP);
	return session->state == SMTP_END;
}

enum smtp_action smtp_session_feed(
	struct smtp_session *session, const struct smtp_now *now, struct str *rest)
{
	enum smtp_action action = next_action(session);

	take_now(session, now);
	if (!rest->n || action != SMTP_READ)
		return action;
	session->last_input_us = now->at_us;
	if (refuses_first_bytes(session, *rest))
		return SMTP_CLOSE;
	while (rest->n && action == SMTP_READ) {
		if (session->state == SMTP_DATA) {
			action = feed_data(session, rest);
		} else {
			feed_line(session, rest);
			action = next_action(session);
		}
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
	take_now(session, now);
	session->last_input_us = now->at_us; /* the peer waited for us, not we for it */
	if (!err) {
		session->messages++;
		session->idle_commands = 0;
	}
	answer_message(session, stored_reply(err), str_c(session->message_id));
	return next_action(session);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Twice: an idle time, and a time that a slow drip cannot stretch. */
static int64_t data_deadline(const struct smtp_session *session)
{
	const struct smtp_session_options *options = session->options;
	int64_t allowed = options->data_grace_us;

	if (options->data_bytes_per_s)
		allowed += (int64_t)(session->dot.bytes / options->data_bytes_per_s) * 1000000;
	/* A drip that keeps to the rate would else go on for ever: what is too large is read to its end. */
	allowed = earlier(allowed, options->session_timeout_us);
	return earlier(session->last_input_us + options->idle_timeout_us,
		session->state_since_us + allowed);
}

static int64_t command_deadline(const struct smtp_session *session)
{
	const struct smtp_session_options *options = session->options;
	int64_t idle_us = session->now.crowded
				  ? earlier(options->crowded_idle_us, options->idle_timeout_us)
				  : options->idle_timeout_us;
	int64_t due = session->line.n ? session->line_started_us + options->command_timeout_us
				      : session->last_input_us + idle_us;

	return earlier(due, session->started_us + options->session_timeout_us);
}

int64_t smtp_session_deadline(const struct smtp_session *session)
{
	if (session->delayed_until_us)
		return session->delayed_until_us;
	switch (session->state) {
	case SMTP_BANNER:
		return session->started_us + session->options->banner_delay_us;
	case SMTP_DATA:
		return data_deadline(session);
	case SMTP_WAIT:
		return session->state_since_us + session->options->commit_timeout_us;
	case SMTP_END:
		return session->now.at_us;
	default:
		return command_deadline(session);
	}
}

enum smtp_action smtp_session_tick(struct smtp_session *session, const struct smtp_now *now)
{
	take_now(session, now);
	if (session->state != SMTP_END && now->at_us < smtp_session_deadline(session))
		return next_action(session);
	if (session->delayed_until_us) {
		session->delayed_until_us = 0;
		session->last_input_us = now->at_us;
		return next_action(session);
	}
	switch (session->state) {
	case SMTP_BANNER:
		greet(session);
		break;
	case SMTP_WAIT:
		return smtp_session_stored(session, now, ERR_TIMEOUT);
	case SMTP_END:
		break;
	default:
		say(session, SMTP_SAY_TIMEOUT);
	}
	return next_action(session);
}

enum smtp_action smtp_session_stop(struct smtp_session *session)
{
	session->stopping = true;
	session->delayed_until_us = 0;
	if (session->state == SMTP_DATA || session->state == SMTP_WAIT)
		return SMTP_READ;
	if (session->state != SMTP_END)
		say(session, SMTP_SAY_STOPPING);
	return SMTP_CLOSE;
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

uint64_t smtp_session_messages(const struct smtp_session *session)
{
	return session->messages;
}

enum smtp_reply smtp_session_end(const struct smtp_session *session)
{
	return session->end;
}

size_t smtp_session_memory(const struct smtp_session *session)
{
	return session->message.cap;
}
