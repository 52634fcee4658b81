#include "ingest/smtp/smtp_server_log_priv.h"
#include "ingest/smtp/smtp_server_wire_priv.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/socket.h>
#include <time.h>

enum { ROOM_AGE_US = 20000 }; /* how long the spool's word about its room is believed */

static int64_t wall_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* Has the peer's network sent all it may send in this minute? */
static bool is_throttled(const struct client *client, int64_t at_us)
{
	return client && client->counted &&
	       smtp_peers_throttled(client->server->peers, &client->address, at_us / 1000);
}

struct smtp_now client_now(struct smtp_server *server, const struct client *client)
{
	uint64_t used = server->counters.memory_bytes, most = server->options.max_memory_bytes;
	struct smtp_now now = {
		.at_us = server_now_us(),
		.wall_us = wall_now_us(),
		.memory_left = used < most ? most - used : 0,
		.crowded = server_crowded(server),
	};

	now.throttled = is_throttled(client, now.at_us);
	if (now.at_us - server->room_at_us > ROOM_AGE_US || !server->room_at_us) {
		server->room = spool_writer_room(
			server->writer, server->options.max_message_bytes + SMTP_ENVELOPE_BYTES);
		server->room_at_us = now.at_us;
		server_note_room(server);
		server_publish(server);
	}
	now.room = server->room;
	return now;
}

void client_count_memory(struct client *client, size_t memory)
{
	client->server->counters.memory_bytes += memory - client->memory;
	client->memory = memory;
}

size_t client_unsent(const struct client *client)
{
	return evbuffer_get_length(bufferevent_get_output(client->bev));
}

/* A reply nearly always fits into the socket at once. To leave it to the event loop costs another turn, and
 * two changes of what is waited for: a seventh of the CPU of a message. What does not fit, or fails, is the
 * loop's; so is all that TLS sends. */
static size_t send_now(const struct client *client, struct str reply)
{
	ssize_t n;

	if (client->ssl || client_unsent(client))
		return 0;
	n = send(bufferevent_getfd(client->bev), reply.p, reply.n, MSG_DONTWAIT | MSG_NOSIGNAL);
	return n > 0 ? (size_t)n : 0;
}

void client_flush(struct client *client)
{
	struct buf *output = smtp_session_output(client->session);
	struct str rest = str_from(output->p, output->n);

	rest = str_skip(rest, rest.n ? send_now(client, rest) : 0);
	if (rest.n)
		bufferevent_write(client->bev, rest.p, rest.n);
	buf_reset(output);
}

/* The timer may fire early, never late: an earlier deadline moves it, a later one is seen then. */
void client_arm(struct client *client)
{
	int64_t due = client->closing                 ? client->linger_us
		      : client->phase == CLIENT_PROXY ? client->proxy_due_us
						      : smtp_session_deadline(client->session);
	int64_t wait = due - server_now_us();
	struct timeval delay;

	if (client->armed_us && client->armed_us <= due)
		return;
	wait = wait < 0 ? 0 : wait;
	delay = (struct timeval){ wait / 1000000, wait % 1000000 };
	evtimer_add(client->timer, &delay);
	client->armed_us = due;
}

void client_set_reading(struct client *client, bool reading)
{
	if (client->reading == reading)
		return;
	client->reading = reading;
	if (reading)
		bufferevent_enable(client->bev, EV_READ);
	else
		bufferevent_disable(client->bev, EV_READ);
}
