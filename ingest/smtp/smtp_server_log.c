#include "core/log.h"
#include "ingest/smtp/smtp_server_log_priv.h"
#include "ingest/smtp/smtp_tls.h"

#include <stdio.h>

static struct str tls_or_dash(const struct client *client)
{
	struct str tls = smtp_session_tls(client->session);

	return tls.n ? tls : STR("-");
}

enum { REFUSAL_BYTES = 16, REFUSED_AGE_US = 60 * 1000000, ROOM_TOLD_AGE_US = 10 * 1000000 };

/* "550 5.7.1" */
static struct str refusal_text(enum smtp_reply reply, char room[static REFUSAL_BYTES])
{
	if (!reply)
		return STR("-");
	snprintf(room, REFUSAL_BYTES, "%03u %.*s", smtp_reply_code(reply),
		STR_ARG(smtp_reply_status(reply)));
	return str_c(room);
}

void client_log_end(const struct client *client)
{
	enum smtp_reply end = smtp_session_end(client->session);
	char room[SMTP_ADDRESS_TEXT_BYTES], refusal[REFUSAL_BYTES];
	struct str why = end ? smtp_reply_text(end) : STR("connection lost");
	struct str peer =
		client->server->options.log_addresses ? client_peer(client, room) : STR("-");

	/* One line a mail: of a session that brought mail and nothing else, its messages tell. */
	bool smooth = smtp_session_messages(client->session) && end == SMTP_SAY_BYE &&
		      !smtp_session_refusals(client->session);

	if (client->why.n)
		why = client->why;
	if (str_starts(why, STR("% ")))
		why = str_skip(why, 2); /* the name of this host */
	log_event(smooth ? LOG_DEBUG : LOG_INFO, "session_end",
		LOG_STR("id", smtp_session_id(client->session)), LOG_STR("peer", peer),
		LOG_U64("messages", smtp_session_messages(client->session)),
		LOG_U64("refusals", smtp_session_refusals(client->session)),
		LOG_STR("last_refusal",
			refusal_text(smtp_session_last_refusal(client->session), refusal)),
		LOG_STR("tls", tls_or_dash(client)), LOG_U64("code", smtp_reply_code(end)),
		LOG_STR("why", why));
}

void client_count_end(const struct client *client)
{
	struct smtp_server *server = client->server;
	meter_word *meters = spool_writer_meters(server->writer);
	enum smtp_reply end = smtp_session_end(client->session);

	server->counters.refusals += smtp_session_refusals(client->session);
	meter_time(meters, METER_SESSION, server_now_us() - client->started_us);
	for (int i = 0; i < SMTP_REPLY_COUNT; i++)
		for (uint32_t n = smtp_session_refusals_by(client->session, (enum smtp_reply)i); n;
			n--)
			meter_reply(meters, METER_REFUSALS, smtp_reply_code((enum smtp_reply)i),
				smtp_reply_status((enum smtp_reply)i));
	if (smtp_reply_code(end) >= 400)
		meter_reply(meters, METER_REFUSALS, smtp_reply_code(end), smtp_reply_status(end));
}

/* Once a minute at most: a flood of connections must not be one of lines. */
void server_note_refused(
	struct smtp_server *server, enum smtp_reply reply, const struct smtp_address *peer)
{
	int64_t now_us = server_now_us();
	char room[SMTP_ADDRESS_TEXT_BYTES];

	server->counters.refused++;
	meter_reply(spool_writer_meters(server->writer), METER_REFUSALS, smtp_reply_code(reply),
		smtp_reply_status(reply));
	server->refused++;
	server_publish(server);
	if (server->refused_at_us && now_us - server->refused_at_us < REFUSED_AGE_US)
		return;
	log_event(LOG_WARN, "connections_refused", LOG_U64("count", server->refused),
		LOG_U64("code", smtp_reply_code(reply)),
		LOG_STR("status", smtp_reply_status(reply)), LOG_STR("why", smtp_reply_text(reply)),
		LOG_STR("peer", server->options.log_addresses ? smtp_address_format(peer, room)
							      : STR("-")));
	server->refused = 0;
	server->refused_at_us = now_us;
}

void server_publish(struct smtp_server *server)
{
	const struct smtp_counters *counters = &server->counters;
	const uint64_t values[COUNTER_COUNT] = {
		[COUNTER_CONNECTIONS] = counters->connections,
		[COUNTER_REFUSED] = counters->refused,
		[COUNTER_SESSIONS] = counters->sessions,
		[COUNTER_REFUSALS] = counters->refusals,
		[COUNTER_MESSAGES] = counters->messages,
		[COUNTER_BYTES] = counters->message_bytes,
		[COUNTER_DEFERRED] = counters->deferred,
		[COUNTER_REJECTED] = counters->rejected,
		[COUNTER_NO_ROOM] = server->room != ERR_OK,
		[COUNTER_TLS_UNTIL] = server->tls ? (uint64_t)smtp_tls_until_s(server->tls) : 0,
	};

	for (int i = 0; i < COUNTER_COUNT; i++)
		spool_writer_set_counter(server->writer, (enum counter)i, values[i]);
}

/* Someone must act: without room each mail is refused, and a session is not the place to look for it. */
void server_note_room(struct smtp_server *server)
{
	int64_t now_us = server_now_us();

	if (server->room == server->room_told ||
		(server->room_told_us && now_us - server->room_told_us < ROOM_TOLD_AGE_US))
		return;
	log_event(server->room ? LOG_ERROR : LOG_INFO,
		server->room ? "mail_refused" : "mail_taken_again", LOG_ERR(server->room));
	server->room_told = server->room;
	server->room_told_us = now_us;
}

void client_note_refused(struct client *client, enum err err)
{
	enum smtp_reply verdict = smtp_session_verdict(client->session);
	struct smtp_counters *counters = &client->server->counters;

	if (smtp_reply_code(verdict) < 500)
		counters->deferred++;
	else
		counters->rejected++;
	server_publish(client->server);
	log_event(LOG_WARN, "message_refused",
		LOG_STR("id", smtp_session_message_id(client->session)),
		LOG_U64("code", smtp_reply_code(verdict)),
		LOG_STR("status", smtp_reply_status(verdict)), LOG_ERR(err));
}

void client_log_stored(const struct client *client, uint64_t sequence)
{
	const struct envelope *envelope = smtp_session_envelope(client->session);
	char room[SMTP_ADDRESS_TEXT_BYTES];

	log_event(LOG_INFO, "message_stored", LOG_STR("id", envelope->session_id),
		LOG_STR("peer", client->server->options.log_addresses ? client_peer(client, room)
								      : STR("-")),
		LOG_U64("sequence", sequence),
		LOG_U64("bytes", smtp_session_message(client->session).n),
		LOG_U64("recipients", envelope->n_forward_paths),
		LOG_STR("tls", tls_or_dash(client)), LOG_STR("stream", envelope->stream));
}
