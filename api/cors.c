#include "api/cors.h"

const char cors_exposed[] = "ETag, Link, Retry-After, Content-Disposition";
const char cors_headers[] = "Authorization, Content-Type, Content-Encoding, If-None-Match";

static bool is_host(struct str host)
{
	if (str_starts(host, STR("[")))
		return str_ends(host, STR("]")) && host.n > 2 &&
		       str_span(str_slice(host, 1, host.n - 1), "0123456789abcdef:.") == host.n - 2;
	return host.n && str_span(host, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == host.n;
}

bool cors_is_origin(struct str text)
{
	struct str host, port;
	uint64_t number;
	size_t colon;

	if (str_starts(text, STR("https://")))
		host = str_skip(text, sizeof "https://" - 1);
	else if (str_starts(text, STR("http://")))
		host = str_skip(text, sizeof "http://" - 1);
	else
		return false;
	colon = str_rchr(host, ':');
	if (colon == STR_NPOS || str_ends(host, STR("]")))
		return is_host(host);
	port = str_skip(host, colon + 1);
	return is_host(str_head(host, colon)) && str_to_u64(port, 65535, &number) && number;
}

bool cors_allows(struct str origins, struct str origin)
{
	struct str one;

	while (str_next_word(&origins, ", \t", &one))
		if (str_eq(one, origin))
			return origin.n > 0;
	return false;
}
