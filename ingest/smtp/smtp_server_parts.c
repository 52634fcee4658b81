#include "ingest/smtp/smtp_server_parts_priv.h"

#include <time.h>

int64_t server_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

bool server_crowded(const struct smtp_server *server)
{
	size_t n = server->options.max_sessions;

	return n - server->n_free_slots >= n - n / 10;
}

struct str client_peer(const struct client *client, char room[static SMTP_ADDRESS_TEXT_BYTES])
{
	return client->local ? STR("unix") : smtp_address_format(&client->address, room);
}
