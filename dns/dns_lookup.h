/* dns/dns_lookup.h -- many questions to the DNS at once.
 * Knows: c-ares, MX records (RFC 5321 5.1, RFC 7505). Does not know what an answer is good for.
 * Not pure: sockets, the clock. One `struct dns` is for one thread. Bounds: DNS_QUESTIONS in a call; each has DNS_TRIES, the
 * first of DNS_TIMEOUT_MS, so that a call takes seconds where no server answers. */
#pragma once
#include "core/err.h"
#include "core/str.h"

enum { DNS_QUESTIONS = 256, DNS_TIMEOUT_MS = 2000, DNS_TRIES = 2, DNS_NAME_BYTES = 255 };

struct dns;
/* `servers` as "192.0.2.1, [2001:db8::1]:5353"; empty: those of the machine. Owned by the caller.
 * ERR_SYNTAX: no list of servers. ERR_UNAVAILABLE: there is none. */
MUST_CHECK enum err dns_new(struct str servers, struct dns **ret_dns);
/* Takes NULL. */
void dns_free(struct dns *dns);

enum dns_answer {
	DNS_SAYS, /* the domain takes mail at `host` */
	DNS_NONE, /* there is no such domain, no MX record, or one that says that it takes no mail */
	DNS_SILENT, /* nobody answered, or none who could */
};
/* `host`: the one of the lowest preference, the first by name where several are; lower-case, without the dot at the end, lives until
 * the callback returns. Called once for each name, in any order. */
typedef void dns_mx_fn(void *context, size_t i, enum dns_answer answer, struct str host);
void dns_mx(struct dns *dns, const struct str *names, size_t n, dns_mx_fn *fn, void *context);
