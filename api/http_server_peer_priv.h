/* api/http_server_peer_priv.h -- the address that a connection comes from, as text.
 * Knows: libmicrohttpd's connection info, sockets' addresses. An IPv4 address in IPv6 (RFC 4291 2.5.5.2) is
 * the IPv4 address. */
#pragma once
#include "core/arena.h"

#include <microhttpd.h>

/* "192.0.2.1" twice; "2001:db8::1" and, of a host that has a /64 to itself, "2001:db8::". In `arena`. */
void http_peer(struct MHD_Connection *connection, struct arena *arena, struct str *ret_peer,
	struct str *ret_network);
