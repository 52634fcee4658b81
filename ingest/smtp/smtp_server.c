#include "ingest/smtp/smtp_server.h"

#include "core/arena.h"
#include "core/log.h"
#include "ingest/smtp/smtp_server_accept_priv.h"
#include "ingest/smtp/smtp_server_client_priv.h"
#include "ingest/smtp/smtp_server_log_priv.h"
#include "ingest/smtp/smtp_server_parts_priv.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPT_PAUSE_MS = 200 };

static void copy_domains(struct smtp_server *server)
{
	struct smtp_server_options *options = &server->options;
	struct smtp_domain *domains =
		arena_calloc(server->arena, options->n_domains, sizeof *domains);

	for (size_t i = 0; i < options->n_domains; i++) {
		domains[i].domain = arena_dup(server->arena, options->domains[i].domain);
		domains[i].stream = arena_dup(server->arena, options->domains[i].stream);
	}
	options->domains = domains;
	options->hostname = arena_dup(server->arena, options->hostname);
}

static enum err parse_networks(struct smtp_server *server, const struct str *texts, size_t n,
	struct smtp_network **ret_networks)
{
	struct smtp_network *networks = arena_calloc(server->arena, n, sizeof *networks);

	for (size_t i = 0; i < n; i++) {
		enum err err = smtp_network_parse(texts[i], &networks[i]);

		if (err)
			return err;
	}
	*ret_networks = networks;
	return ERR_OK;
}

static struct smtp_address sockaddr_address(const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;

		return smtp_address_from(str_from((const char *)&v4->sin_addr, 4));
	}
	if (address->sa_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;

		return smtp_address_from(str_from((const char *)&v6->sin6_addr, 16));
	}
	return smtp_address_from(STR_EMPTY);
}

static unsigned bound_port(int fd)
{
	struct sockaddr_storage storage = { 0 };
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
	socklen_t n = sizeof storage;

	if (getsockname(fd, (struct sockaddr *)&storage, &n))
		return 0;
	memcpy(&v4, &storage, sizeof v4);
	memcpy(&v6, &storage, sizeof v6);
	if (storage.ss_family == AF_INET)
		return ntohs(v4.sin_port);
	return storage.ss_family == AF_INET6 ? ntohs(v6.sin6_port) : 0;
}

static void on_accept(struct evconnlistener *events, evutil_socket_t fd, struct sockaddr *address,
	int bytes, void *argument)
{
	struct smtp_address peer = sockaddr_address(address);

	(void)events;
	(void)bytes;
	client_accept(argument, fd, &peer);
}

/* Out of descriptors: without a pause the loop would spin on the connection that waits. */
static void on_accept_error(struct evconnlistener *events, void *argument)
{
	struct smtp_server *server = ((struct listener *)argument)->server;
	const struct timeval pause = { 0, ACCEPT_PAUSE_MS * 1000 };

	(void)events;
	log_event(LOG_WARN, "accept_failed", LOG_C("why", strerror(errno)));
	for (size_t i = 0; i < server->n_listeners; i++)
		evconnlistener_disable(server->listeners[i].events);
	evtimer_add(server->accept_timer, &pause);
}

static void on_accept_again(evutil_socket_t fd, short what, void *argument)
{
	struct smtp_server *server = argument;

	(void)fd;
	(void)what;
	for (size_t i = 0; i < server->n_listeners; i++)
		evconnlistener_enable(server->listeners[i].events);
}

/* What of a session depends on where it came in. */
static enum err set_door(struct listener *listener)
{
	struct smtp_listen *listen = &listener->listen;
	bool certificate = listener->server->tls != NULL, local = listen->path.n != 0;

	if (!listen->tls_said)
		listen->tls = certificate && !local ? SMTP_TLS_OFFERED : SMTP_TLS_OFF;
	if (listen->tls != SMTP_TLS_OFF && !certificate)
		return ERR_RANGE;
	listener->session_options = listener->server->session_options;
	listener->session_options.protocol = listen->protocol;
	listener->session_options.tls = listen->tls;
	if (local)
		listener->session_options.banner_delay_us = 0; /* no spam bot comes this way */
	return ERR_OK;
}

static enum err add_listener(
	struct smtp_server *server, const struct smtp_listen *listen, int take_fd)
{
	struct listener *listener = &server->listeners[server->n_listeners];
	enum err err;

	listener->server = server;
	listener->listen = *listen;
	err = set_door(listener);
	evutil_make_socket_nonblocking(take_fd);
	if (!err)
		listener->events = evconnlistener_new(server->base, on_accept, listener,
			LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, take_fd);
	if (!listener->events) {
		close(take_fd);
		return err ? err : ERR_IO;
	}
	evconnlistener_set_error_cb(listener->events, on_accept_error);
	listener->port = bound_port(take_fd);
	server->n_listeners++;
	return ERR_OK;
}

static enum err open_listeners(struct smtp_server *server)
{
	const struct smtp_server_options *options = &server->options;

	server->listeners =
		arena_calloc(server->arena, options->n_listen, sizeof *server->listeners);
	for (size_t i = 0; i < options->n_listen; i++) {
		char trouble[SMTP_LISTEN_TROUBLE_BYTES];
		struct smtp_listen listen;
		struct str why;
		int fd = options->listen_fds ? options->listen_fds[i] : -1;
		enum err err = smtp_listen_parse(
			arena_dup(server->arena, options->listen[i]), &listen, &why);

		if (!err && fd < 0)
			err = smtp_listen_open(&listen, trouble, &fd);
		if (!err)
			err = add_listener(server, &listen, fd);
		if (err)
			return err;
	}
	return ERR_OK;
}

static void close_listeners(struct smtp_server *server)
{
	for (size_t i = 0; i < server->n_listeners; i++) {
		if (server->listeners[i].events)
			evconnlistener_free(server->listeners[i].events);
		server->listeners[i].events = NULL;
	}
}

static void on_grace_over(evutil_socket_t fd, short what, void *argument)
{
	struct smtp_server *server = argument;

	(void)fd;
	(void)what;
	event_base_loopbreak(server->base);
}

static void on_stop(evutil_socket_t fd, short what, void *argument)
{
	struct smtp_server *server = argument;
	int64_t grace_ms = server->options.shutdown_grace_ms;
	const struct timeval grace = { grace_ms / 1000, grace_ms % 1000 * 1000 };

	(void)fd;
	(void)what;
	server->stopping = true;
	event_del(server->accept_timer);
	close_listeners(server);
	evtimer_add(server->grace_timer, &grace);
	clients_stop(server);
	if (!server->clients)
		event_base_loopbreak(server->base);
}

static void on_spool(evutil_socket_t fd, short what, void *argument)
{
	(void)fd;
	(void)what;
	clients_completed(argument);
}

static void on_next_tls(evutil_socket_t fd, short what, void *argument)
{
	struct smtp_server *server = argument;
	struct smtp_tls *next = atomic_exchange(&server->next_tls, NULL);
	eventfd_t count;

	(void)what;
	eventfd_read(fd, &count);
	if (!next)
		return;
	smtp_tls_free(server->tls);
	server->tls = next;
	server_publish(server); /* when it ends is watched, whether mail comes or not */
}

static enum err make_events(struct smtp_server *server)
{
	server->stop_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	server->tls_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	server->base = event_base_new();
	if (server->stop_fd < 0 || server->tls_fd < 0 || !server->base)
		return ERR_IO;
	server->tls_event =
		event_new(server->base, server->tls_fd, EV_READ | EV_PERSIST, on_next_tls, server);
	server->stop_event = event_new(server->base, server->stop_fd, EV_READ, on_stop, server);
	server->spool_event = event_new(server->base, spool_writer_fd(server->writer),
		EV_READ | EV_PERSIST, on_spool, server);
	server->grace_timer = evtimer_new(server->base, on_grace_over, server);
	server->accept_timer = evtimer_new(server->base, on_accept_again, server);
	if (!server->stop_event || !server->spool_event || !server->grace_timer ||
		!server->accept_timer || !server->tls_event || event_add(server->tls_event, NULL) ||
		event_add(server->stop_event, NULL) || event_add(server->spool_event, NULL))
		return ERR_IO;
	return ERR_OK;
}

static void make_slots(struct smtp_server *server)
{
	uint32_t n = server->options.max_sessions;

	server->slots = arena_calloc(server->arena, n, sizeof *server->slots);
	server->free_slots = arena_calloc(server->arena, n, sizeof *server->free_slots);
	for (uint32_t i = 0; i < n; i++)
		server->free_slots[i] = n - 1 - i;
	server->n_free_slots = n;
}

enum err smtp_server_new(const struct smtp_server_options *options, struct spool_writer *writer,
	struct smtp_server **ret_server)
{
	const struct smtp_peers_limits limits = { options->max_sessions_per_address,
		options->max_new_per_minute, options->max_messages_per_minute,
		options->site_factor };
	CLEANUP(smtp_server_freep) struct smtp_server *server = NULL;
	enum err err = smtp_server_options_check(options, writer);

	server = calloc(1, sizeof *server);
	if (!server)
		abort();
	server->options = *options;
	server->tls = options->tls;
	server->tls_fd = -1;
	server->writer = writer;
	server->stop_fd = -1;
	server->arena = arena_new();
	if (err)
		return err;
	copy_domains(server);
	server->session_options = smtp_server_session_options(&server->options);
	make_slots(server);
	server->peers = smtp_peers_new(&limits);
	err = parse_networks(server, options->exempt, options->n_exempt, &server->exempt);
	if (!err)
		err = parse_networks(
			server, options->proxies, options->n_proxies, &server->proxies);
	if (!err)
		err = make_events(server);
	if (!err)
		err = open_listeners(server);
	if (err)
		return err;
	*ret_server = server;
	server = NULL;
	return ERR_OK;
}

static void free_event(struct event *event)
{
	if (event)
		event_free(event);
}

void smtp_server_free(struct smtp_server *server)
{
	if (!server)
		return;
	clients_free(server);
	close_listeners(server);
	free_event(server->stop_event);
	free_event(server->spool_event);
	free_event(server->grace_timer);
	free_event(server->accept_timer);
	free_event(server->tls_event);
	if (server->base)
		event_base_free(server->base);
	if (server->stop_fd >= 0)
		close(server->stop_fd);
	if (server->tls_fd >= 0)
		close(server->tls_fd);
	smtp_tls_free(server->tls);
	smtp_tls_free(server->next_tls);
	smtp_peers_free(server->peers);
	arena_free(server->arena);
	free(server);
}

void smtp_server_freep(struct smtp_server **server)
{
	smtp_server_free(*server);
}

unsigned smtp_server_port(const struct smtp_server *server, size_t i)
{
	return i < server->n_listeners ? server->listeners[i].port : 0;
}

enum err smtp_server_run(struct smtp_server *server)
{
	int result;

	/* A peer that is gone shows as an error of the write. */
	signal(SIGPIPE, SIG_IGN);
	server_publish(server);
	result = event_base_dispatch(server->base);
	clients_free(server);
	/* libevent closes a freed connection's socket in its loop. */
	event_base_loop(server->base, EVLOOP_NONBLOCK);
	return result < 0 ? ERR_IO : ERR_OK;
}

void smtp_server_stop(struct smtp_server *server)
{
	eventfd_write(server->stop_fd, 1);
}

void smtp_server_set_tls(struct smtp_server *server, struct smtp_tls *take_tls)
{
	smtp_tls_free(atomic_exchange(&server->next_tls, take_tls));
	eventfd_write(server->tls_fd, 1);
}

void smtp_server_stats(const struct smtp_server *server, struct smtp_server_stats *ret_stats)
{
	const struct smtp_counters *counters = &server->counters;

	*ret_stats = (struct smtp_server_stats){
		.connections = counters->connections,
		.refused = counters->refused,
		.sessions = counters->sessions,
		.messages = counters->messages,
		.message_bytes = counters->message_bytes,
		.deferred = counters->deferred,
		.rejected = counters->rejected,
		.stored_unanswered = counters->stored_unanswered,
		.memory_bytes = counters->memory_bytes,
	};
}
