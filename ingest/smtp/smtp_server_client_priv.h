/* ingest/smtp/smtp_server_client_priv.h -- the connections: what a session asks for is done.
 * A client may be gone after what obeys an action. */
#pragma once
#include "ingest/smtp/smtp_server_parts_priv.h"

void client_free(struct client *client);
/* What is due now, then whatever input has waited meanwhile. */
void client_go_on(struct client *client, enum smtp_action action);
/* Makes `bev` the connection's, with our callbacks. */
void client_adopt(struct client *client, struct bufferevent *bev);
/* Its timer, as libevent calls it. */
void client_timer(int fd, short what, void *argument);
/* The spool has finished some records. */
void clients_completed(struct smtp_server *server);
/* 421 to all that are idle. */
void clients_stop(struct smtp_server *server);
void clients_free(struct smtp_server *server);
