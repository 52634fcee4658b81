/* ingest/smtp/proxy_header.h -- who a proxy speaks for: the PROXY protocol, versions 1 and 2.
 * Knows: haproxy's proxy-protocol.txt, TCP over IPv4 and IPv6. Does not know sockets, or who may send such
 * a header. Pure, incremental: takes no byte that is not the header's. Bounds:
 * LIMIT_PROXY_V1_BYTES; version 2 says its length in 16 bits, and what follows the addresses (TLVs) is
 * skipped without being kept. */
#pragma once
#include "core/frame.h"
#include "core/limits.h"
#include "ingest/smtp/smtp_peers.h"

struct proxy_header {
	char bytes[LIMIT_PROXY_V1_BYTES];
	size_t n;    /* taken, kept or not */
	size_t want; /* of version 2, when known; 0: not yet, or version 1 */
	bool has_source;
	struct smtp_address source; /* valid with has_source; else the proxy speaks for itself */
};

void proxy_header_reset(struct proxy_header *header);
/* STEP_DONE: the header's end; *rest is what stands behind it. */
enum step proxy_header_take(struct proxy_header *header, struct str *rest);
