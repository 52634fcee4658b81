/* suppress/policy/origin.h -- where a report comes from, as far as that tells two of them apart.
 * Knows: the networks that one hand is likely to have (IPv4 /24, IPv6 /48), and which hosts serve the mail of a domain by
 * their names (serving.def). Does not know the DNS: a name in a report is what its sender wrote. Pure. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* "192.0.2.0/24", "2001:db8:1::/48"; an IPv4 address within IPv6 (RFC 4291 2.5.5.2) is one. Empty: no address. In `arena`. */
struct str origin_network(struct arena *arena, struct str peer);
/* Is the host the domain, below it, or one of those that take its mail? Both in lower case or not. */
bool origin_serves(struct str host, struct str domain);
