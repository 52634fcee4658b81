#include "ingest/session/smtp_chunk_priv.h"

/* BDAT, RFC 3030 2. The octets of a chunk follow its command whatever is answered, so a refused chunk
 * is read as well: its octets must never be taken for commands. What cannot be counted ends the session. */

/* That a chunk of so many octets is a command without a message nobody can say; the largest message bounds how
 * many of them there are. */
enum { CHUNK_WORTH_BYTES = 1024 };

enum smtp_reply smtp_chunk_check(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args)
{
	struct str size, word;

	(void)session;
	if (!str_next_word(&text, " \t", &size) ||
		str_span(size, "0123456789") != size.n || /* no sign */
		!str_to_u64(size, INT64_MAX, &ret_args->chunk_bytes))
		return SMTP_SAY_CHUNK_BAD;
	if (!str_next_word(&text, " \t", &word))
		return SMTP_SAY_NOTHING;
	ret_args->chunk_last = str_ieq(word, STR("LAST"));
	return ret_args->chunk_last && !str_trim(text).n ? SMTP_SAY_NOTHING : SMTP_SAY_CHUNK_BAD;
}

static enum smtp_reply judge(const struct smtp_session *session, uint64_t bytes)
{
	uint64_t most = session->options->max_message_bytes;

	if (session->state == SMTP_START)
		return SMTP_SAY_HELLO_FIRST;
	if (session->state == SMTP_IDLE)
		return SMTP_SAY_MAIL_FIRST;
	if (session->state == SMTP_MAIL)
		return smtp_state_no_recipients(session);
	if (bytes > most - session->message_bytes)
		return SMTP_SAY_TOO_LARGE;
	return session->state == SMTP_RCPT ? smtp_state_room(session) : SMTP_SAY_NOTHING;
}

enum smtp_reply smtp_chunk_apply(struct smtp_session *session, const struct smtp_args *args)
{
	session->chunk = (struct smtp_chunk){
		.left = args->chunk_bytes,
		.last = args->chunk_last,
		.refusal = judge(session, args->chunk_bytes),
		.back = session->state,
	};
	if (!session->chunk.refusal && args->chunk_bytes >= CHUNK_WORTH_BYTES)
		session->commands--;
	smtp_state_enter(session, SMTP_BDAT);
	return SMTP_SAY_NOTHING;
}

/* The next chunk of a refused message must not begin another one: the transaction is over with it. */
static enum smtp_action refuse_chunk(struct smtp_session *session, enum smtp_reply refusal)
{
	bool in_message = session->chunk.back == SMTP_RCPT || session->chunk.back == SMTP_CHUNKS;

	if (in_message) {
		smtp_state_answer_message(session, refusal,
			session->chunk.last ? SMTP_EACH_RECIPIENT : SMTP_ONE_ANSWER);
		return SMTP_REFUSED;
	}
	smtp_state_enter(session, session->chunk.back);
	smtp_state_answer(session, session->stopping ? SMTP_SAY_STOPPING : refusal);
	return smtp_state_next_action(session);
}

static enum smtp_action finish_chunk(struct smtp_session *session)
{
	enum smtp_reply refusal = session->chunk.refusal;

	if (!refusal && session->message.failed)
		refusal = SMTP_SAY_NO_SPACE; /* all sessions together hold as much as they may */
	if (refusal)
		return refuse_chunk(session, refusal);
	if (session->chunk.last)
		return smtp_state_finish_message(session);
	smtp_state_enter(session, SMTP_CHUNKS);
	smtp_state_answer(session, session->stopping ? SMTP_SAY_STOPPING : SMTP_SAY_CHUNK_OK);
	return smtp_state_next_action(session);
}

enum smtp_action smtp_chunk_feed(struct smtp_session *session, struct str *rest)
{
	struct smtp_chunk *chunk = &session->chunk;
	struct str piece = str_head(*rest, chunk->left < rest->n ? (size_t)chunk->left : rest->n);

	*rest = str_skip(*rest, piece.n);
	chunk->left -= piece.n;
	session->state_bytes += piece.n;
	if (!chunk->refusal) {
		session->message_bytes += piece.n;
		smtp_state_make_room(session);
		if (!session->message.failed)
			buf_put(&session->message, piece);
	}
	return chunk->left ? SMTP_READ : finish_chunk(session);
}
