#include "ingest/smtp/smtp_server_tls_priv.h"

#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <stdlib.h>

/* The socket form: the filter form drops what was written last before a close, our 221. */
struct bufferevent *client_wrap_tls(struct client *client)
{
	struct smtp_server *server = client->server;
	struct bufferevent *plain = client->bev, *bev;
	evutil_socket_t fd = bufferevent_getfd(plain);

	bufferevent_setfd(plain, -1);
	bufferevent_free(plain);
	client->ssl = smtp_tls_accept(server->tls);
	bev = bufferevent_openssl_socket_new(server->base, fd, client->ssl,
		BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS);
	if (!bev)
		abort(); /* out of memory */
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

struct str client_tls_error(const struct client *client)
{
	return smtp_tls_error(bufferevent_get_openssl_error(client->bev));
}
