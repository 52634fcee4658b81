/* dns/dns_ask.h -- one question to the DNS, and the whole answer, for who looks at a few names closely.
 * Knows: MX (RFC 5321 5.1, RFC 7505), A and AAAA, PTR (RFC 1035 3.5, RFC 3596 2.5). Does not know what an answer is good for.
 * Not pure: as dns_lookup. Bounds: DNS_RECORDS of an answer, the others are left out; time as in dns_lookup. */
#pragma once
#include "core/arena.h"
#include "dns/dns_lookup.h"

enum dns_record {
	DNS_RECORD_MX, /* hosts, the preferred first; lower-case; an empty one: the domain takes no mail */
	DNS_RECORD_ADDRESS, /* of a host, IPv4 and IPv6, as text */
	DNS_RECORD_NAME,    /* of an address that is asked for as text; lower-case */
	DNS_RECORD_COUNT
};
enum { DNS_RECORDS = 16 };
struct dns_records {
	struct str texts[DNS_RECORDS]; /* in the arena of the question */
	size_t n;
};

/* DNS_SAYS: there is one at least. DNS_NONE for a text that is no address where one is wanted. */
enum dns_answer dns_ask(struct dns *dns, struct arena *arena, enum dns_record record,
	struct str name, struct dns_records *ret_records);
