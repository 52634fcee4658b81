#include "core/log.h"
#include "ingest/smtp_server_priv.h"

static struct str tls_or_dash(const struct client *client)
{
	struct str tls = smtp_session_tls(client->session);

	return tls.n ? tls : STR("-");
}

void client_log_end(const struct client *client)
{
	enum smtp_reply end = smtp_session_end(client->session);
	char room[SMTP_ADDRESS_TEXT_BYTES];
	struct str why = end ? smtp_reply_text(end) : STR("connection lost");
	struct str peer =
		client->server->options.log_addresses ? client_peer(client, room) : STR("-");

	if (client->why.n)
		why = client->why;
	log_event(LOG_INFO, "session_end", LOG_STR("id", smtp_session_id(client->session)),
		LOG_STR("peer", peer), LOG_U64("messages", smtp_session_messages(client->session)),
		LOG_STR("tls", tls_or_dash(client)), LOG_U64("code", smtp_reply_code(end)),
		LOG_STR("why", why));
}

void client_note_refused(struct client *client, enum err err)
{
	enum smtp_reply verdict = smtp_session_verdict(client->session);
	struct smtp_counters *counters = &client->server->counters;

	if (smtp_reply_code(verdict) < 500)
		counters->deferred++;
	else
		counters->rejected++;
	log_event(LOG_WARN, "message_refused",
		LOG_STR("id", smtp_session_message_id(client->session)),
		LOG_U64("code", smtp_reply_code(verdict)),
		LOG_STR("status", smtp_reply_status(verdict)), LOG_ERR(err));
}

void client_log_stored(const struct client *client, uint64_t sequence)
{
	const struct envelope *envelope = smtp_session_envelope(client->session);

	log_event(LOG_INFO, "message_stored", LOG_STR("id", envelope->session_id),
		LOG_U64("sequence", sequence),
		LOG_U64("bytes", smtp_session_message(client->session).n),
		LOG_U64("recipients", envelope->n_forward_paths),
		LOG_STR("tls", tls_or_dash(client)), LOG_STR("stream", envelope->stream));
}
