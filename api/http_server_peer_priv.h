/* api/http_server_peer_priv.h -- the address that a connection comes from, as text.
 * Knows: libmicrohttpd's connection info, sockets' addresses. Of IPv6 only the /64 counts: a host has all
 * of it to itself. An IPv4 address in IPv6 (RFC 4291 2.5.5.2) is the IPv4 address. */
#pragma once
#include "core/arena.h"

#include <microhttpd.h>

/* "192.0.2.1", "2001:db8::"; in `arena`. */
struct str http_peer(struct MHD_Connection *connection, struct arena *arena);
