/* ingest/smtp_server_priv.h -- the inside of the server: smtp_server.c has its life, options and
 * listeners, smtp_server_client.c the connections, smtp_server_log.c what is said of them. No type
 * of the event loop is complete here. */
#pragma once
#include "ingest/smtp_peers.h"
#include "ingest/smtp_server.h"
#include "ingest/smtp_session.h"

#include <stdatomic.h>

struct bufferevent;
struct event;
struct event_base;
struct evconnlistener;
struct smtp_server;

struct client {
	struct smtp_server *server;
	struct client *next, *previous;
	struct bufferevent *bev;
	struct event *timer;
	struct smtp_session *session;
	struct smtp_address address;
	size_t slot;
	uint64_t cookie;   /* of the record that is being stored, 0: none */
	int64_t armed_us;  /* when the timer fires, 0: not armed */
	int64_t linger_us; /* closing: until then the rest of the input is thrown away */
	size_t memory;     /* as counted in the server's */
	bool counted;      /* in smtp_peers */
	bool closing, reading, delayed;
};

struct listener {
	struct evconnlistener *events;
	unsigned port;
};

struct smtp_counters {
	_Atomic uint64_t connections, refused, sessions, messages, message_bytes, deferred,
		rejected, stored_unanswered, memory_bytes;
};

struct smtp_server {
	struct smtp_server_options options;
	struct smtp_session_options session_options;
	struct spool_writer *writer;
	struct arena *arena; /* the options' texts */
	struct smtp_network *exempt;
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
	enum err room;
	int64_t room_at_us, crowded_at_us;
	bool stopping;
	struct smtp_counters counters;
};

int64_t server_now_us(void);
/* A connection that was accepted: makes a client of it, or refuses it. Takes the socket. */
void client_accept(struct smtp_server *server, int take_fd, const struct smtp_address *address);
/* The spool has finished some records. */
void clients_completed(struct smtp_server *server);
/* 421 to all that are idle. */
void clients_stop(struct smtp_server *server);
void clients_free(struct smtp_server *server);

/* The lines of a connection (smtp_server_log.c); a refused message is counted as well. */
void client_log_end(const struct client *client);
void client_log_stored(const struct client *client, uint64_t sequence);
void client_note_refused(struct client *client, enum err err);
