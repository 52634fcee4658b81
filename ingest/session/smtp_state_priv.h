/* ingest/session/smtp_state_priv.h -- the inside of a session and what every part of it does to it: the loop
 * (smtp_session.c), deadlines (smtp_session_time.c), the verbs (smtp_command.c), BDAT (smtp_chunk.c).
 * Knows: states, and what an answer does to them. Does not know the parts. */
#pragma once
#include "core/buf.h"
#include "core/envelope.h"
#include "core/limits.h"
#include "ingest/session/smtp_line.h"
#include "ingest/session/smtp_parameter.h"
#include "ingest/session/smtp_terms.h"
#include "ingest/text/smtp_dot.h"
#include "ingest/text/smtp_path.h"

enum { SMTP_ID_BYTES = 24, SMTP_MESSAGE_ID_BYTES = 48, SMTP_PEER_BYTES = 64, SMTP_TLS_BYTES = 64 };

enum smtp_state {
	SMTP_BANNER, /* nothing said yet */
	SMTP_START,  /* no HELO or EHLO yet */
	SMTP_TLS,    /* shaking hands */
	SMTP_IDLE,
	SMTP_MAIL, /* there is a sender */
	SMTP_RCPT, /* and a recipient */
	SMTP_DATA,
	SMTP_BDAT,   /* in a chunk */
	SMTP_CHUNKS, /* between two chunks */
	SMTP_WAIT,   /* the message is being stored */
	SMTP_END,
	SMTP_STATE_COUNT
};

/* A chunk of BDAT. */
struct smtp_chunk {
	uint64_t left; /* octets of it to come */
	bool last;
	enum smtp_reply refusal; /* SMTP_SAY_NOTHING: it is taken */
	enum smtp_state back;    /* where the session was */
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
	uint32_t errors, idle_commands, commands;
	uint64_t state_bytes; /* of the message, since the state was entered */
	uint64_t messages;
	char tls[SMTP_TLS_BYTES]; /* empty: no TLS */
	bool any_input, greeted, stopping;
	bool more_waits; /* input stands behind the command at hand */
	enum smtp_reply end, last_refusal;
	uint64_t refusals;
	uint32_t refusals_by[SMTP_REPLY_COUNT];

	struct smtp_line line;

	/* The transaction. Texts are in `arena`. */
	struct arena *arena;
	struct envelope envelope;
	size_t forward_paths_cap;
	bool refused_recipient;
	uint64_t transaction;
	struct envelope_dsn *dsn; /* of each forward path; the envelope has it if any was said */
	bool said_dsn;
	struct smtp_dot dot;
	struct smtp_chunk chunk;
	uint64_t message_bytes; /* kept or not */
	struct buf message;
	enum smtp_reply verdict;
};

/* What a command's `check` read from its argument, for its `apply`. */
struct smtp_args {
	struct str text;
	struct smtp_path path;
	struct smtp_parameters parameters;
	struct str stream; /* of a recipient */
	uint64_t chunk_bytes;
	bool chunk_last;
};

/* The one place where the state changes. */
void smtp_state_enter(struct smtp_session *session, enum smtp_state state);
void smtp_state_take_now(struct smtp_session *session, const struct smtp_now *now);
/* Says the banner. */
void smtp_state_greet(struct smtp_session *session);
/* Forgets sender, recipients and message. */
void smtp_state_reset(struct smtp_session *session);
/* One reply with its argument, and its effect on the session. */
void smtp_state_answer(struct smtp_session *session, enum smtp_reply reply);
enum smtp_action smtp_state_next_action(const struct smtp_session *session);
/* What the spool's room says to a new message, and what is said where nobody is to have it. */
enum smtp_reply smtp_state_room(const struct smtp_session *session);
enum smtp_reply smtp_state_no_recipients(const struct smtp_session *session);
/* The message may grow by what all sessions together have left. */
void smtp_state_make_room(struct smtp_session *session);
/* Behind the end of a message, or of a chunk that ends it: the transaction is over. LMTP answers for
 * each recipient (RFC 2033 4.2). */
enum smtp_answers { SMTP_EACH_RECIPIENT, SMTP_ONE_ANSWER };
void smtp_state_answer_message(
	struct smtp_session *session, enum smtp_reply verdict, enum smtp_answers answers);
/* All octets are there: is it stored or refused? */
enum smtp_action smtp_state_finish_message(struct smtp_session *session);
