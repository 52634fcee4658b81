#include "ingest/smtp/smtp_server_priv.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <stdlib.h>

/* The socket form: the filter form drops what was written last before a close, our 221. */
void client_start_tls(struct client *client)
{
	struct smtp_server *server = client->server;
	struct bufferevent *plain = client->bev, *bev;
	evutil_socket_t fd = bufferevent_getfd(plain);

	if (evbuffer_get_length(bufferevent_get_input(plain))) {
		client->why = smtp_reply_text(SMTP_SAY_TLS_EARLY);
		client_free(client);
		return;
	}
	bufferevent_setfd(plain, -1);
	bufferevent_free(plain);
	client->ssl = smtp_tls_accept(server->tls);
	bev = bufferevent_openssl_socket_new(server->base, fd, client->ssl,
		BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!bev)
		abort(); /* out of memory */
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	client->phase = CLIENT_TLS;
	client->reading = true;
	client_adopt(client, bev);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	client_arm(client);
}

void client_tls_event(struct client *client, short what)
{
	struct smtp_now now = client_now(client->server, client);
	char room[SMTP_TLS_TEXT_BYTES];

	if (!(what & BEV_EVENT_CONNECTED)) {
		client->why = smtp_tls_error(bufferevent_get_openssl_error(client->bev));
		client_free(client);
		return;
	}
	client->phase = CLIENT_TALK;
	client_go_on(client, smtp_session_tls_started(
				     client->session, &now, smtp_tls_describe(client->ssl, room)));
}
