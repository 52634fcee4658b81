#include "api/http_server_peer_priv.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

static struct str name(struct arena *arena, int family, const void *address)
{
	char room[INET6_ADDRSTRLEN] = "";

	(void)inet_ntop(family, address, room, sizeof room);
	return arena_dup(arena, str_c(room));
}

void http_peer(struct MHD_Connection *connection, struct arena *arena, struct str *ret_peer,
	struct str *ret_network)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *any = info ? info->client_addr : NULL;
	struct sockaddr_in6 v6;
	struct sockaddr_in v4;

	*ret_peer = *ret_network = STR_EMPTY;
	if (any && any->sa_family == AF_INET) {
		memcpy(&v4, any, sizeof v4);
		*ret_peer = *ret_network = name(arena, AF_INET, &v4.sin_addr);
	}
	if (!any || any->sa_family != AF_INET6)
		return;
	memcpy(&v6, any, sizeof v6);
	if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
		*ret_peer = *ret_network = name(arena, AF_INET, v6.sin6_addr.s6_addr + 12);
		return;
	}
	*ret_peer = name(arena, AF_INET6, &v6.sin6_addr);
	memset(v6.sin6_addr.s6_addr + 8, 0, 8);
	*ret_network = name(arena, AF_INET6, &v6.sin6_addr);
}
