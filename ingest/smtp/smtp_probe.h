/* ingest/smtp/smtp_probe.h -- a mail server as its peers meet it: connected to, greeted by, asked for TLS, left.
 * Knows: SMTP as a client speaks it (RFC 5321 3.1, RFC 3207), OpenSSL's client end. No certificate is refused: what it says is
 * told. Does not know who asks, or what an answer is good for.
 * Not pure: a socket, waiting. Bounds: SMTP_PROBE_MS in all, SMTP_PROBE_BYTES of replies. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

#include <stdint.h>

enum { SMTP_PROBE_MS = 15000, SMTP_PROBE_BYTES = 16 << 10 };

enum smtp_probe_end {
	SMTP_PROBE_NO_WAY, /* this machine has no route to the address, or not its kind of addresses */
	SMTP_PROBE_CLOSED,      /* nobody takes the connection */
	SMTP_PROBE_DUMB,        /* no greeting, or one that is none of SMTP */
	SMTP_PROBE_TURNED_AWAY, /* a greeting of 4xx or 5xx */
	SMTP_PROBE_GREETED,
};
struct smtp_probe {
	enum smtp_probe_end end;
	struct str trouble;     /* why it is not GREETED: words, or the greeting */
	struct str host;        /* the name in the greeting */
	bool offers_tls;        /* STARTTLS */
	struct str tls_trouble; /* why there was no handshake; empty: there was */
	bool fits;              /* the certificate is for the name that was asked for */
	int64_t until_s;        /* when it ends; 0: it does not say */
};

/* `address`: IPv4 or IPv6 as text; `me` stands behind EHLO, `name` is whom to expect. Texts of the result are `arena`'s; those
 * that the peer chose may hold anything. */
void smtp_probe(struct arena *arena, struct str address, uint16_t port, struct str me,
	struct str name, struct smtp_probe *ret_probe);
