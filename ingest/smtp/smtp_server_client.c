#include "core/log.h"
#include "ingest/smtp/smtp_server_client_priv.h"
#include "ingest/smtp/smtp_server_log_priv.h"
#include "ingest/smtp/smtp_server_tls_priv.h"
#include "ingest/smtp/smtp_server_wire_priv.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	READ_BYTES = 64 << 10,   /* at once, and waiting in memory */
	OUTPUT_BYTES = 64 << 10, /* unsent answers, beyond which a peer is not listened to */
	LINGER_US = 2000000,
	REAP_ROWS = 256,
};

void client_free(struct client *client)
{
	struct smtp_server *server = client->server;

	client_log_end(client);
	client_count_end(client);
	client_count_memory(client, 0);
	if (client->counted)
		smtp_peers_leave(server->peers, &client->address);
	if (client->previous)
		client->previous->next = client->next;
	else
		server->clients = client->next;
	if (client->next)
		client->next->previous = client->previous;
	server->slots[client->slot] = NULL;
	server->free_slots[server->n_free_slots++] = client->slot;
	server->counters.sessions--;
	server_publish(server);
	event_free(client->timer);
	if (client->proxy_event)
		event_free(client->proxy_event);
	if (client->bev)
		bufferevent_free(client->bev);
	if (client->fd >= 0)
		close(client->fd);
	smtp_session_free(client->session);
	free(client);
	if (server->stopping && !server->clients)
		event_base_loopbreak(server->base);
}

/* With unread bytes in the socket, close() would reset the connection and the peer might never see
 * our last answer: say that no more comes, and read on for a while. */
static void linger(struct client *client)
{
	if (client->ssl)
		smtp_tls_bye(client->ssl);
	if (client->heard_all || smtp_session_end(client->session) == SMTP_SAY_BYE) {
		client_free(client);
		return;
	}
	shutdown(bufferevent_getfd(client->bev), SHUT_WR);
	client_set_reading(client, true);
}

static void begin_close(struct client *client)
{
	struct evbuffer *input = bufferevent_get_input(client->bev);

	client_flush(client);
	client->closing = true;
	client->linger_us = server_now_us() + LINGER_US;
	evbuffer_drain(input, evbuffer_get_length(input));
	client_arm(client);
	if (!client_unsent(client))
		linger(client);
}

/* Hands the message to the spool. Refused at once: the session answers at once. */
static enum smtp_action store(struct client *client, const struct smtp_now *now)
{
	struct smtp_server *server = client->server;
	uint64_t cookie = (uint64_t)++server->last_cookie << 32 | client->slot;
	enum smtp_action action;
	enum err err = spool_submit(server->writer, smtp_session_envelope(client->session),
		smtp_session_message(client->session), cookie);

	if (!err) {
		if (client->counted)
			smtp_peers_count_message(server->peers, &client->address);
		client->cookie = cookie;
		client->ended_us = server_now_us();
		return SMTP_STORE;
	}
	action = smtp_session_stored(client->session, now, err);
	client_note_refused(client, err);
	return action;
}

static enum smtp_action feed(struct client *client)
{
	struct smtp_now now = client_now(client->server, client);
	struct evbuffer *input = bufferevent_get_input(client->bev);
	size_t n = evbuffer_get_length(input);
	unsigned char *bytes = n ? evbuffer_pullup(input, -1) : NULL;
	struct str rest = n ? str_from((const char *)bytes, n) : STR_EMPTY;
	enum smtp_action action = smtp_session_feed(client->session, &now, &rest);

	evbuffer_drain(input, n - rest.n);
	if (action == SMTP_STORE)
		action = store(client, &now);
	else if (action == SMTP_REFUSED)
		client_note_refused(client, ERR_OK);
	client_count_memory(client, smtp_session_memory(client->session));
	return action;
}

static bool input_waits(const struct client *client)
{
	return evbuffer_get_length(bufferevent_get_input(client->bev)) > 0;
}

/* The answer to STARTTLS has been sent: TLS from here on. */
static void start_tls(struct client *client)
{
	struct evbuffer *input = bufferevent_get_input(client->bev);

	if (evbuffer_get_length(input)) {
		client->why = smtp_reply_text(SMTP_SAY_TLS_EARLY);
		client_free(client);
		return;
	}
	client->phase = CLIENT_TLS;
	client->reading = true;
	client_adopt(client, client_wrap_tls(client));
	bufferevent_enable(client->bev, EV_READ | EV_WRITE);
	client_arm(client);
}

/* What an action asks for. True: feed on. The client may be gone afterwards. */
static bool obey(struct client *client, enum smtp_action action)
{
	switch (action) {
	case SMTP_REFUSED:
		return true;
	case SMTP_CLOSE:
		begin_close(client);
		return false;
	case SMTP_DELAY:
		client->delayed = true;
		client_set_reading(client, false);
		break;
	case SMTP_STORE:
		client_flush(client);
		client_set_reading(client, false);
		break;
	case SMTP_STARTTLS:
		client_flush(client);
		client_set_reading(client, false);
		client->phase = CLIENT_DRAIN;
		if (!client_unsent(client))
			start_tls(client);
		else
			client_arm(client);
		return false;
	case SMTP_READ:
		client_flush(client);
		if (client_unsent(client) > OUTPUT_BYTES) {
			client_set_reading(client, false);
			break;
		}
		if (!input_waits(client) && client->heard_all) {
			begin_close(client);
			return false;
		}
		client_set_reading(client, true);
		if (input_waits(client))
			return true;
		break;
	}
	client_arm(client);
	return false;
}

static void pump(struct client *client)
{
	if (client->phase != CLIENT_TALK || client->closing || client->delayed ||
		smtp_session_waits_for_store(client->session))
		return;
	while (obey(client, feed(client)))
		;
}

void client_go_on(struct client *client, enum smtp_action action)
{
	if (obey(client, action))
		pump(client);
}

static void on_read(struct bufferevent *bev, void *argument)
{
	struct client *client = argument;
	struct evbuffer *input = bufferevent_get_input(bev);

	if (client->closing)
		evbuffer_drain(input, evbuffer_get_length(input));
	else
		pump(client);
}

static void on_write(struct bufferevent *bev, void *argument)
{
	struct client *client = argument;

	(void)bev;
	if (client->closing)
		linger(client);
	else if (client->phase == CLIENT_DRAIN && !client_unsent(client))
		start_tls(client);
	else if (!client->reading)
		pump(client);
}

/* An event of the bufferevent while CLIENT_TLS. */
static void on_handshake(struct client *client, short what)
{
	struct smtp_now now = client_now(client->server, client);
	char room[SMTP_TLS_TEXT_BYTES];

	if (!(what & BEV_EVENT_CONNECTED)) {
		client->why = client_tls_error(client);
		client_free(client);
		return;
	}
	client->phase = CLIENT_TALK;
	client_go_on(client, smtp_session_tls_started(
				     client->session, &now, smtp_tls_describe(client->ssl, room)));
}

/* A plain socket that is not read does not tell its end; TLS does, in one breath with the last bytes, and then
 * libevent writes no more unless it is told to. True: an answer is still to come, of the spool or behind a delay,
 * and obey() ends it when all is said. */
static bool owes_after_end(struct client *client)
{
	if (!client->ssl)
		return false;
	client->heard_all = true;
	client->reading = false;
	bufferevent_enable(client->bev, EV_WRITE);
	return !client->closing &&
	       (client->delayed || smtp_session_waits_for_store(client->session));
}

static void on_event(struct bufferevent *bev, short what, void *argument)
{
	struct client *client = argument;

	(void)bev;
	if (client->phase == CLIENT_TLS) {
		on_handshake(client, what);
		return;
	}
	if (what & BEV_EVENT_EOF && owes_after_end(client))
		return;
	/* A peer that only listens gets the answers that it waits for. */
	if (what & BEV_EVENT_EOF && client_unsent(client)) {
		/* libevent has stopped it: linger() begins again, and meets the end. */
		client->reading = false;
		if (!client->closing)
			begin_close(client);
		return; /* on_write ends it, or the timer */
	}
	client_free(client);
}

void client_adopt(struct client *client, struct bufferevent *bev)
{
	client->bev = bev;
	bufferevent_setcb(bev, on_read, on_write, on_event, client);
	bufferevent_setwatermark(bev, EV_READ, 0, READ_BYTES);
	bufferevent_set_max_single_read(bev, READ_BYTES);
}

/* Waits for a header or a handshake: true, if there is nothing else to do now. */
static bool still_at_the_door(struct client *client, const struct smtp_now *now)
{
	if (client->phase == CLIENT_TALK)
		return false;
	if (client->phase == CLIENT_PROXY && now->at_us >= client->proxy_due_us) {
		client->why = STR("no PROXY header in time");
		client_free(client);
		return true;
	}
	if (client->phase != CLIENT_PROXY && smtp_session_tick(client->session, now) == SMTP_CLOSE)
		client_free(client);
	else
		client_arm(client);
	return true;
}

void client_timer(int fd, short what, void *argument)
{
	struct client *client = argument;
	struct smtp_now now = client_now(client->server, client);
	bool waited = smtp_session_waits_for_store(client->session);
	enum smtp_action action;

	(void)fd;
	(void)what;
	client->armed_us = 0;
	if (still_at_the_door(client, &now))
		return;
	if (client->closing && now.at_us >= client->linger_us) {
		client_free(client);
		return;
	}
	if (client->closing) {
		client_arm(client);
		return;
	}
	action = smtp_session_tick(client->session, &now);
	if (smtp_session_waits_for_store(client->session)) {
		client_arm(client);
		return;
	}
	if (waited) {
		client->cookie = 0;
		client_note_refused(client, ERR_TIMEOUT);
	}
	client->delayed = false; /* obey() sets it again where the delay goes on */
	client_go_on(client, action);
}

static void complete(struct smtp_server *server, const struct spool_completion *row)
{
	size_t slot = (uint32_t)row->cookie;
	struct client *client = slot < server->options.max_sessions ? server->slots[slot] : NULL;
	struct smtp_now now;
	enum smtp_action action;

	if (!client || client->cookie != row->cookie) {
		if (row->err)
			return;
		server->counters.stored_unanswered++;
		log_event(
			LOG_WARN, "message_stored_unanswered", LOG_U64("sequence", row->sequence));
		return;
	}
	client->cookie = 0;
	now = client_now(server, client);
	if (!row->err) {
		client_log_stored(client, row->sequence);
		server->counters.messages++;
		server->counters.message_bytes += smtp_session_message(client->session).n;
		meter_time(spool_writer_meters(server->writer), METER_ACKNOWLEDGED,
			server_now_us() - client->ended_us);
	}
	action = smtp_session_stored(client->session, &now, row->err);
	if (row->err)
		client_note_refused(client, row->err);
	client_count_memory(client, smtp_session_memory(client->session));
	client_go_on(client, action);
}

void clients_completed(struct smtp_server *server)
{
	struct spool_completion rows[REAP_ROWS];
	size_t n;

	do {
		n = spool_writer_reap(server->writer, rows, REAP_ROWS);
		for (size_t i = 0; i < n; i++)
			complete(server, &rows[i]);
	} while (n == REAP_ROWS);
	server_publish(server);
}

void clients_stop(struct smtp_server *server)
{
	for (struct client *client = server->clients, *next; client; client = next) {
		next = client->next;
		if (client->closing || smtp_session_stop(client->session) != SMTP_CLOSE)
			continue;
		if (client->phase == CLIENT_TALK)
			begin_close(client);
		else
			client_free(client); /* it could not read a line of ours */
	}
}

void clients_free(struct smtp_server *server)
{
	for (struct client *client = server->clients, *next; client; client = next) {
		next = client->next;
		client_free(client);
	}
}
