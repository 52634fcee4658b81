/* ingest/smtp_peers.h -- addresses of peers, and how many sessions each network may have.
 * Knows: IPv4 and IPv6 addresses, networks, a fixed table of counts per /32 or /64. Does not know
 * sockets or the clock. Pure but for its own table.
 * Bounds: SMTP_PEERS_SLOTS networks are counted; a network for which no slot is free is let in,
 * since the global cap still holds. */
#pragma once
#include "core/err.h"
#include "core/str.h"

enum { SMTP_PEERS_SLOTS = 1 << 14, SMTP_ADDRESS_TEXT_BYTES = 64 };

/* IPv4 as ::ffff:a.b.c.d, so that a peer is the same one on either kind of socket. */
struct smtp_address {
	unsigned char bytes[16];
};
struct smtp_network {
	struct smtp_address address;
	unsigned bits; /* of 128 */
};

/* Of raw IPv4 (4 bytes) or IPv6 (16 bytes) in network order; zero for anything else. */
struct smtp_address smtp_address_from(struct str raw);
struct str smtp_address_format(
	const struct smtp_address *address, char room[static SMTP_ADDRESS_TEXT_BYTES]);
/* "192.0.2.1", "127.0.0.0/8", "2001:db8::/32". */
MUST_CHECK enum err smtp_network_parse(struct str text, struct smtp_network *ret_network);
bool smtp_network_holds(const struct smtp_network *network, const struct smtp_address *address);
/* "127.0.0.1:2525" or "[::1]:2525": the address as text without brackets, and the port. */
MUST_CHECK enum err smtp_listen_parse(
	struct str text, struct smtp_address *ret_address, unsigned *ret_port);
bool smtp_address_is_v4(const struct smtp_address *address);

struct smtp_peers;

/* 0: no limit. */
struct smtp_peers *smtp_peers_new(uint32_t max_at_once, uint32_t max_per_minute);
void smtp_peers_free(struct smtp_peers *peers);
/* Counts a connection of this peer. False: over a limit; it was not counted as open. */
bool smtp_peers_enter(struct smtp_peers *peers, const struct smtp_address *address, int64_t now_ms);
/* The end of one that was let in. */
void smtp_peers_leave(struct smtp_peers *peers, const struct smtp_address *address);
