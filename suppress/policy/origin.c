#include "suppress/policy/origin.h"

#include "core/attr.h"
#include "core/limits.h"

#include <arpa/inet.h>
#include <string.h>

/* ---- networks ---- */

enum { SITE_BYTES = 6, MAPPED_AT = 12 }; /* of a /48; of the IPv4 address within a mapped one */

static struct str four(struct arena *arena, const unsigned char *bytes)
{
	return arena_printf(arena, "%u.%u.%u.0/24", bytes[0], bytes[1], bytes[2]);
}

static struct str six(struct arena *arena, const unsigned char address[static 16])
{
	static const unsigned char mapped[MAPPED_AT] = { [10] = 0xff, [11] = 0xff };
	unsigned char site[16] = { 0 };
	char text[INET6_ADDRSTRLEN];

	if (!memcmp(address, mapped, sizeof mapped))
		return four(arena, address + MAPPED_AT);
	memcpy(site, address, SITE_BYTES);
	return arena_printf(arena, "%s/48", inet_ntop(AF_INET6, site, text, sizeof text));
}

struct str origin_network(struct arena *arena, struct str peer)
{
	unsigned char address[16];
	char text[INET6_ADDRSTRLEN];

	if (!peer.n || peer.n >= sizeof text)
		return STR_EMPTY;
	memcpy(text, peer.p, peer.n);
	text[peer.n] = '\0';
	if (inet_pton(AF_INET, text, address) == 1)
		return four(arena, address);
	return inet_pton(AF_INET6, text, address) == 1 ? six(arena, address) : STR_EMPTY;
}

/* ---- who serves a domain ---- */

static const struct {
	struct str host_end, domain;
} serving[] = {
#define SERVING(host_end, domain) { STR_INIT(host_end), STR_INIT(domain) },
#include "suppress/policy/serving.def"
};

static bool ends(struct str s, struct str end)
{
	return s.n >= end.n && str_ieq(str_skip(s, s.n - end.n), end);
}

static bool is_below(struct str host, struct str domain)
{
	return ends(host, domain) && (host.n == domain.n || host.p[host.n - domain.n - 1] == '.');
}

static bool is_served(struct str domain, struct str of)
{
	bool family = of.p[of.n - 1] == '.';

	return family ? str_istarts(domain, of) : str_ieq(domain, of);
}

/* Microsoft writes the domain with dashes in front of its own name: example-com.mail.protection.outlook.com. */
static bool is_hosted(struct str host, struct str domain)
{
	size_t n = domain.n;

	if (host.n <= n || !ends(host, STR(".mail.protection.outlook.com")) || host.p[n] != '.')
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = domain.p[i] == '.' ? '-' : ascii_lower(domain.p[i]);

		if (ascii_lower(host.p[i]) != c)
			return false;
	}
	return true;
}

bool origin_serves(struct str host, struct str domain)
{
	if (!host.n || !domain.n)
		return false;
	if (is_below(host, domain) || is_hosted(host, domain))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(serving); i++)
		if (ends(host, serving[i].host_end) && is_served(domain, serving[i].domain))
			return true;
	return false;
}
