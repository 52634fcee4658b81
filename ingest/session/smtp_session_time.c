#include "ingest/session/smtp_session.h"
#include "ingest/session/smtp_state_priv.h"

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
		allowed += (int64_t)(session->state_bytes / options->data_bytes_per_s) * 1000000;
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
	case SMTP_TLS:
		return session->state_since_us + session->options->tls_timeout_us;
	case SMTP_DATA:
	case SMTP_BDAT:
		return data_deadline(session);
	case SMTP_WAIT:
		return session->state_since_us + session->options->commit_timeout_us;
	case SMTP_END:
		return session->now.at_us;
	default:
		return command_deadline(session);
	}
}

/* In a handshake a line of ours would be no answer. */
static void end_silently(struct smtp_session *session, enum smtp_reply why)
{
	session->end = why;
	smtp_state_enter(session, SMTP_END);
}

enum smtp_action smtp_session_tick(struct smtp_session *session, const struct smtp_now *now)
{
	smtp_state_take_now(session, now);
	if (session->state != SMTP_END && now->at_us < smtp_session_deadline(session))
		return smtp_state_next_action(session);
	if (session->delayed_until_us) {
		session->delayed_until_us = 0;
		session->last_input_us = now->at_us;
		return smtp_state_next_action(session);
	}
	switch (session->state) {
	case SMTP_BANNER:
		smtp_state_greet(session);
		break;
	case SMTP_WAIT:
		return smtp_session_stored(session, now, ERR_TIMEOUT);
	case SMTP_TLS:
		end_silently(session, SMTP_SAY_TIMEOUT);
		break;
	case SMTP_END:
		break;
	default:
		smtp_state_answer(session, SMTP_SAY_TIMEOUT);
	}
	return smtp_state_next_action(session);
}

enum smtp_action smtp_session_stop(struct smtp_session *session)
{
	session->stopping = true;
	session->delayed_until_us = 0;
	if (session->state == SMTP_DATA || session->state == SMTP_BDAT ||
		session->state == SMTP_WAIT)
		return SMTP_READ;
	if (session->state == SMTP_TLS)
		end_silently(session, SMTP_SAY_STOPPING);
	else if (session->state != SMTP_END)
		smtp_state_answer(session, SMTP_SAY_STOPPING);
	return SMTP_CLOSE;
}
