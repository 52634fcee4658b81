/* domain/org_domain.h -- the domain that somebody registered: example.co.uk of mail.news.example.co.uk.
 * Knows: the Public Suffix List as libpsl brings it (https://publicsuffix.org/). Does not know the DNS. Pure. */
#pragma once
#include "core/str.h"

/* Of a name as domain_name makes it, and borrowed from it; the name itself where it is a public suffix or an address. */
struct str org_domain(struct str name);
