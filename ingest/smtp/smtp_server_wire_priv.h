/* ingest/smtp/smtp_server_wire_priv.h -- a connection's bytes and its timer.
 * Knows: the bufferevent, the moment that a session is told. Does not know what an action asks for. */
#pragma once
#include "ingest/smtp/smtp_server_parts_priv.h"

struct smtp_now client_now(struct smtp_server *server, const struct client *client);
void client_arm(struct client *client);
void client_count_memory(struct client *client, size_t memory);
size_t client_unsent(const struct client *client);
/* Sends what the session has said. */
void client_flush(struct client *client);
void client_set_reading(struct client *client, bool reading);
