/* ingest/smtp_session_priv.h -- the inside of a session, shared by smtp_session.c (the loop, time,
 * state) and smtp_command.c (the verbs). */
#pragma once
#include "ingest/smtp_dot.h"
#include "ingest/smtp_line.h"
#include "ingest/smtp_path.h"
#include "ingest/smtp_session.h"

enum { SMTP_ID_BYTES = 24, SMTP_MESSAGE_ID_BYTES = 48, SMTP_PEER_BYTES = 64 };

enum smtp_state {
	SMTP_BANNER, /* nothing said yet */
	SMTP_START,  /* no HELO or EHLO yet */
	SMTP_IDLE,
	SMTP_MAIL, /* there is a sender */
	SMTP_RCPT, /* and a recipient */
	SMTP_DATA,
	SMTP_WAIT, /* the message is being stored */
	SMTP_END,
	SMTP_STATE_COUNT
};

struct smtp_session {
	const struct smtp_session_options *options;
	enum smtp_state state;
	struct smtp_now now;
	char id[SMTP_ID_BYTES], message_id[SMTP_MESSAGE_ID_BYTES], peer[SMTP_PEER_BYTES];
	char helo[LIMIT_DOMAIN_BYTES + 1];
	struct buf output;

	int64_t started_us, last_input_us, line_started_us, state_since_us;
	int64_t delayed_until_us; /* 0: not delayed */
	uint32_t errors, idle_commands;
	uint64_t messages;
	bool any_input, stopping;
	bool more_waits; /* input stands behind the command at hand */
	enum smtp_reply end;

	struct smtp_line line;

	/* The transaction. Texts are in `arena`. */
	struct arena *arena;
	struct envelope envelope;
	size_t forward_paths_cap;
	bool refused_recipient;
	uint64_t transaction;
	struct smtp_dot dot;
	struct buf message;
	enum smtp_reply verdict;
};

/* What a command's `check` read from its argument, for its `apply`. */
struct smtp_args {
	struct str text;
	struct smtp_path path;
	uint32_t flags;    /* enum envelope_flag */
	struct str stream; /* of a recipient */
};

/* The one place where the state changes. */
void smtp_session_enter(struct smtp_session *session, enum smtp_state state);
/* Forgets sender, recipients and message. */
void smtp_session_reset(struct smtp_session *session);
/* One reply, and its effect on the session. */
void smtp_session_say(struct smtp_session *session, enum smtp_reply reply, struct str argument);
/* Executes one command line. */
void smtp_command_run(struct smtp_session *session, struct str line);
/* More than LIMIT_RECEIVED_FIELDS of them in the header? */
bool smtp_received_loops(struct str message);
