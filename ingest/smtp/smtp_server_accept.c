#include "core/log.h"
#include "ingest/smtp/smtp_server_accept_priv.h"
#include "ingest/smtp/smtp_server_client_priv.h"
#include "ingest/smtp/smtp_server_log_priv.h"
#include "ingest/smtp/smtp_server_wire_priv.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CROWDED_AGE_US = 1000000, PEEK_BYTES = 512 };

/* One write that is not waited for: a flood must cost little. Who waits for a handshake would not
 * understand it. */
static void say_no(const struct listener *listener, int fd, enum smtp_reply reply,
	const struct smtp_address *peer)
{
	struct smtp_server *server = listener->server;
	struct buf line = BUF_INIT(512);
	ssize_t sent UNUSED; /* failed: then it hears nothing */

	server_note_refused(server, reply, peer);
	if (listener->listen.tls == SMTP_TLS_IMPLICIT)
		return;
	smtp_reply_put(&line, reply, server->options.hostname, SMTP_LINE_LAST);
	sent = send(fd, line.p, line.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	buf_release(&line);
}

static bool is_among(
	const struct smtp_network *networks, size_t n, const struct smtp_address *address)
{
	for (size_t i = 0; i < n; i++)
		if (smtp_network_holds(&networks[i], address))
			return true;
	return false;
}

/* Idle sessions make room for new ones. */
static void thin_out(struct smtp_server *server)
{
	int64_t now_us = server_now_us();

	if (!server_crowded(server) || now_us - server->crowded_at_us < CROWDED_AGE_US)
		return;
	server->crowded_at_us = now_us;
	for (struct client *client = server->clients, *next; client; client = next) {
		next = client->next;
		if (!client->closing)
			event_active(client->timer, EV_TIMEOUT, 1);
	}
}

static struct client *client_new(
	const struct listener *listener, int take_fd, const struct smtp_address *address)
{
	struct smtp_server *server = listener->server;
	struct client *client = calloc(1, sizeof *client);
	char id[LOG_ID_BYTES + 1], peer[SMTP_ADDRESS_TEXT_BYTES];
	struct smtp_now now = client_now(server, NULL);

	if (!client)
		abort();
	log_id_make(id);
	client->server = server;
	client->started_us = server_now_us();
	client->listener = listener;
	client->local = listener->listen.path.n != 0;
	client->fd = take_fd;
	client->address = *address;
	client->slot = server->free_slots[--server->n_free_slots];
	server->slots[client->slot] = client;
	client->next = server->clients;
	if (client->next)
		client->next->previous = client;
	server->clients = client;
	client->session = smtp_session_new(
		&listener->session_options, str_c(id), client_peer(client, peer), &now);
	client->timer = evtimer_new(server->base, client_timer, client);
	if (!client->timer)
		abort(); /* out of memory */
	server->counters.sessions++;
	return client;
}

/* The peer is known, and may come in. */
static void begin(struct client *client)
{
	struct bufferevent *bev =
		bufferevent_socket_new(client->server->base, client->fd, BEV_OPT_CLOSE_ON_FREE);
	int on = 1;

	if (!bev)
		abort(); /* out of memory */
	if (!client->local)
		setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	client->fd = -1;
	client->phase = CLIENT_TALK;
	client->armed_us = 0;
	client_adopt(client, bev);
	client_go_on(client, smtp_session_start(client->session));
}

/* Within the limits of its network, and counted there if it has any. */
static bool admit(
	const struct listener *listener, const struct smtp_address *address, bool *ret_counted)
{
	struct smtp_server *server = listener->server;

	if (listener->listen.path.n ||
		is_among(server->exempt, server->options.n_exempt, address)) {
		*ret_counted = false;
		return true;
	}
	*ret_counted = smtp_peers_enter(server->peers, address, server_now_us() / 1000);
	return *ret_counted;
}

/* ---- a proxy speaks first ---- */

static void take_source(struct client *client)
{
	char peer[SMTP_ADDRESS_TEXT_BYTES];

	event_free(client->proxy_event);
	client->proxy_event = NULL;
	if (!client->proxy.has_source) {
		begin(client); /* the proxy itself, which is known */
		return;
	}
	client->address = client->proxy.source;
	smtp_session_set_peer(client->session, client_peer(client, peer));
	if (admit(client->listener, &client->address, &client->counted)) {
		begin(client);
		return;
	}
	say_no(client->listener, client->fd, SMTP_SAY_TOO_MANY_YOURS, &client->address);
	client->why = smtp_reply_text(SMTP_SAY_TOO_MANY_YOURS);
	client_free(client);
}

/* What stands behind the header is left in the socket: it may be a TLS hello. */
static void on_proxy_bytes(evutil_socket_t fd, short what, void *argument)
{
	struct client *client = argument;
	char bytes[PEEK_BYTES];
	ssize_t n = recv(fd, bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
	struct str rest = str_from(bytes, n > 0 ? (size_t)n : 0);
	enum step step;

	(void)what;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	step = n > 0 ? proxy_header_take(&client->proxy, &rest) : STEP_BAD;
	if (step != STEP_BAD && recv(fd, bytes, (size_t)n - rest.n, 0) != n - (ssize_t)rest.n)
		step = STEP_BAD;
	if (step == STEP_BAD) {
		client->why = n > 0 ? STR("malformed PROXY header") : STR("connection lost");
		client_free(client); /* without a word */
	} else if (step == STEP_DONE) {
		take_source(client);
	}
}

static void await_proxy_header(struct client *client)
{
	struct smtp_server *server = client->server;

	client->phase = CLIENT_PROXY;
	proxy_header_reset(&client->proxy);
	client->proxy_due_us = server_now_us() + server->options.proxy_timeout_ms * 1000;
	client->proxy_event =
		event_new(server->base, client->fd, EV_READ | EV_PERSIST, on_proxy_bytes, client);
	if (!client->proxy_event || event_add(client->proxy_event, NULL))
		abort(); /* out of memory */
	client_arm(client);
}

void client_accept(const struct listener *listener, int take_fd, const struct smtp_address *address)
{
	struct smtp_server *server = listener->server;
	bool proxied = !listener->listen.path.n &&
		       is_among(server->proxies, server->options.n_proxies, address);
	bool counted = false;
	struct client *client;

	server->counters.connections++;
	thin_out(server);
	/* No session is made for who is refused: a flood must cost little. */
	if (!server->n_free_slots || (!proxied && !admit(listener, address, &counted))) {
		say_no(listener, take_fd,
			server->n_free_slots ? SMTP_SAY_TOO_MANY_YOURS : SMTP_SAY_TOO_MANY,
			address);
		close(take_fd);
		return;
	}
	client = client_new(listener, take_fd, address);
	client->counted = counted;
	if (proxied)
		await_proxy_header(client);
	else
		begin(client);
}
