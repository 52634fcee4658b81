/* ingest/smtp/smtp_server_accept_priv.h -- the door: who comes in, and who is refused. */
#pragma once
#include "ingest/smtp/smtp_server_parts_priv.h"

/* A connection that was accepted: makes a client of it, or refuses it. Takes the socket. */
void client_accept(
	const struct listener *listener, int take_fd, const struct smtp_address *address);
