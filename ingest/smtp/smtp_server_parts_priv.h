/* ingest/smtp/smtp_server_parts_priv.h -- the inside of the server, which its files share: smtp_server.c has its life
 * and listeners, smtp_server_accept.c the door, smtp_server_client.c the connections, smtp_server_wire.c their bytes
 * and timers, smtp_server_tls.c their handshakes, smtp_server_log.c what is said of them; each knows those behind it.
 * No type of the event loop is complete here. */
#pragma once
#include "ingest/session/smtp_session.h"
#include "ingest/smtp/proxy_header.h"
#include "ingest/smtp/smtp_listen.h"
#include "ingest/smtp/smtp_peers.h"
#include "ingest/smtp/smtp_server_options.h"

#include <stdatomic.h>

struct bufferevent;
struct event;
struct event_base;
struct evconnlistener;
struct smtp_server;

enum client_phase {
	CLIENT_PROXY, /* the header of a proxy is awaited; there is no bufferevent yet */
	CLIENT_TALK,
	CLIENT_DRAIN, /* the answer to STARTTLS is being sent */
	CLIENT_TLS,   /* shaking hands */
};

struct client {
	struct smtp_server *server;
	const struct listener *listener;
	enum client_phase phase;
	struct event *proxy_event;
	struct proxy_header proxy;
	struct ssl_st *ssl; /* the bufferevent's; NULL: no TLS */
	int fd;             /* in CLIENT_PROXY, else -1 */
	int64_t proxy_due_us;
	struct str why; /* it ended, where the session does not know; literal */
	struct client *next, *previous;
	struct bufferevent *bev;
	struct event *timer;
	struct smtp_session *session;
	struct smtp_address address;
	size_t slot;
	uint64_t cookie;              /* of the record that is being stored, 0: none */
	int64_t armed_us;             /* when the timer fires, 0: not armed */
	int64_t started_us, ended_us; /* the connection; the message that is being stored */
	int64_t linger_us;            /* closing: until then the rest of the input is thrown away */
	size_t memory;                /* as counted in the server's */
	bool local;                   /* over a Unix socket */
	bool counted;                 /* in smtp_peers */
	bool closing, reading, delayed;
	bool heard_all; /* TLS: the peer's end was seen while something was still to be answered */
};

struct listener {
	struct smtp_server *server;
	struct evconnlistener *events;
	struct smtp_listen listen;
	struct smtp_session_options session_options;
	unsigned port;
};

struct smtp_counters {
	_Atomic uint64_t connections, refused, sessions, messages, message_bytes, deferred,
		rejected, stored_unanswered, memory_bytes, refusals;
};

struct smtp_server {
	struct smtp_server_options options;
	struct smtp_session_options session_options; /* but for what a listener decides */
	struct spool_writer *writer;
	struct arena *arena; /* the options' texts */
	struct smtp_network *exempt, *proxies;
	struct smtp_tls *tls, *_Atomic next_tls;
	struct event *tls_event;
	int tls_fd; /* an eventfd: there is a next_tls */
	struct event_base *base;
	struct event *stop_event, *spool_event, *grace_timer, *accept_timer;
	int stop_fd;
	struct listener *listeners;
	size_t n_listeners;
	struct smtp_peers *peers;
	struct client *clients; /* a list */
	struct client **slots;  /* by place, options.max_sessions of them */
	size_t *free_slots, n_free_slots;
	uint32_t last_cookie;
	enum err room, room_told; /* the spool's word, and what of it the log has */
	int64_t room_at_us, room_told_us, crowded_at_us;
	uint64_t refused; /* at the door, since refused_at_us, when the log told */
	int64_t refused_at_us;
	bool stopping;
	struct smtp_counters counters;
};

int64_t server_now_us(void);
/* Nine tenths of the sessions are open. */
bool server_crowded(const struct smtp_server *server);
/* The peer's address as text; the room may be used. */
struct str client_peer(const struct client *client, char room[static SMTP_ADDRESS_TEXT_BYTES]);
