/* ingest/smtp/smtp_server_log_priv.h -- what is said of connections, to the log and to the counters. */
#pragma once
#include "ingest/smtp/smtp_server_parts_priv.h"

/* Its answers and its length, for whoever watches. */
void client_count_end(const struct client *client);
/* A connection that was refused at the door: counted, and told now and then. What the spool says of its room: told
 * when it changes. */
void server_note_refused(
	struct smtp_server *server, enum smtp_reply reply, const struct smtp_address *peer);
void server_note_room(struct smtp_server *server);
/* The counters, to where others can read them. */
void server_publish(struct smtp_server *server);
/* The lines of a connection; a refused message is counted as well. */
void client_log_end(const struct client *client);
void client_log_stored(const struct client *client, uint64_t sequence);
void client_note_refused(struct client *client, enum err err);
