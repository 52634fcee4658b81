#include "core/return_path.h"

static bool is_base32(char c)
{
	c = ascii_lower(c);
	return (c >= 'a' && c <= 'z') || (c >= '2' && c <= '7');
}

static bool is_edge(char c)
{
	return c == '+' || c == '=' || c == '-' || c == '/' || c == '#';
}

static bool is_token_at(struct str local, size_t at)
{
	size_t left = local.n - at;

	if (left < RETURN_PATH_TOKEN_BYTES || !str_istarts(str_skip(local, at), STR("b1.")))
		return false;
	if (at && !is_edge(local.p[at - 1]))
		return false;
	if (left > RETURN_PATH_TOKEN_BYTES && !is_edge(local.p[at + RETURN_PATH_TOKEN_BYTES]))
		return false;
	for (size_t i = 3; i < RETURN_PATH_TOKEN_BYTES; i++)
		if (!is_base32(local.p[at + i]))
			return false;
	return true;
}

/* The domain that a rewritten sender had: the third field of SRS0=HASH=TIME=DOMAIN=LOCAL, whose first sign may be = + or -. */
static bool domain_within(struct str local, struct str *ret_domain)
{
	struct str hash, time, domain, rest;

	if (str_istarts(local, STR("SRS1")) && local.n > 5) {
		size_t at = str_find(local, STR("=="));

		if (at == STR_NPOS)
			return false;
		rest = str_skip(local, at + 2);
	} else if (str_istarts(local, STR("SRS0")) && local.n > 5 && is_edge(local.p[4])) {
		rest = str_skip(local, 5);
	} else {
		return false;
	}
	if (!str_cut(rest, '=', &hash, &rest) || !str_cut(rest, '=', &time, &rest) ||
		!str_cut(rest, '=', &domain, &rest) || !domain.n)
		return false;
	*ret_domain = domain;
	return true;
}

bool return_path_token(struct str address, struct str *ret_token, struct str *ret_domain)
{
	size_t sign = str_rchr(address, '@');
	struct str local, domain;

	if (sign == STR_NPOS)
		return false;
	local = str_head(address, sign);
	domain = str_skip(address, sign + 1);
	for (size_t at = 0; at < local.n; at++) {
		if (!is_token_at(local, at))
			continue;
		(void)domain_within(str_head(local, at), &domain);
		*ret_token = str_from(local.p + at, RETURN_PATH_TOKEN_BYTES);
		*ret_domain = domain;
		return true;
	}
	return false;
}
