/* ingest/smtp/smtp_peers.h -- addresses of peers, and how many sessions each network may have.
 * Knows: IPv4 and IPv6 addresses, networks, a fixed table of counts per /32 or /64, and per /48. Does not know
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
bool smtp_address_is_v4(const struct smtp_address *address);

struct smtp_peers;

/* Of one network; 0: no limit. An IPv6 /48 may have site_factor times as many; 0: it is not counted. */
struct smtp_peers_limits {
	uint32_t at_once, new_per_minute, messages_per_minute, site_factor;
};
struct smtp_peers *smtp_peers_new(const struct smtp_peers_limits *limits);
void smtp_peers_free(struct smtp_peers *peers);
/* Counts a connection of this peer. False: over a limit; it was not counted as open. */
bool smtp_peers_enter(struct smtp_peers *peers, const struct smtp_address *address, int64_t now_ms);
/* Of one that was let in: has its network sent all its messages of this minute? And one more. */
bool smtp_peers_throttled(
	struct smtp_peers *peers, const struct smtp_address *address, int64_t now_ms);
void smtp_peers_count_message(struct smtp_peers *peers, const struct smtp_address *address);
/* The end of one that was let in. */
void smtp_peers_leave(struct smtp_peers *peers, const struct smtp_address *address);
