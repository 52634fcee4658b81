#include "api/api_settings.h"

#include "api/cors.h"

bool api_split_address(struct str address, struct str *ret_host, struct str *ret_port)
{
	size_t colon = str_rchr(address, ':');
	struct str host, port;
	uint64_t number;

	if (colon == STR_NPOS)
		return false;
	host = str_head(address, colon);
	port = str_skip(address, colon + 1);
	if (host.n && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = str_slice(host, 1, host.n - 1);
	else if (str_chr(host, ':') != STR_NPOS)
		return false;
	if (!host.n || !str_to_u64(port, 65535, &number))
		return false;
	*ret_host = host;
	*ret_port = port;
	return true;
}

static enum err check_addresses(const struct config *config, enum config_id id, struct arena *arena,
	struct str *ret_trouble)
{
	const struct config_row *row = config_row(id);
	struct str item, host, port;
	size_t n = 0;

	while (config_item(config, id, n, &item)) {
		n++;
		if (api_split_address(item, &host, &port))
			continue;
		*ret_trouble =
			arena_printf(arena, "%.*s.%.*s: \"%.*s\" is no host:port or [ipv6]:port",
				STR_ARG(row->section), STR_ARG(row->key), STR_ARG(item));
		return ERR_SYNTAX;
	}
	if (n)
		return ERR_OK;
	*ret_trouble = arena_printf(arena, "%.*s.%.*s: no address to listen on",
		STR_ARG(row->section), STR_ARG(row->key));
	return ERR_SYNTAX;
}

/* Without a key only this machine may ask, so the socket must not be open to others. */
static bool loopback(struct str address)
{
	struct str host, port;

	return api_split_address(address, &host, &port) &&
	       (str_starts(host, STR("127.")) || str_eq(host, STR("::1")) ||
		       str_eq(host, STR("localhost")));
}

static enum err check_origins(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	struct str item;

	for (size_t i = 0; config_item(config, CONFIG_API_CORS_ORIGINS, i, &item); i++) {
		if (cors_is_origin(item))
			continue;
		*ret_trouble = arena_printf(arena,
			"api.cors_origins: \"%.*s\" is no origin such as https://dash.example.com, "
			"in "
			"lower case and without a path",
			STR_ARG(item));
		return ERR_SYNTAX;
	}
	return ERR_OK;
}

enum err api_settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	enum err err = check_addresses(config, CONFIG_API_LISTEN, arena, ret_trouble);

	if (err)
		return err;
	if (config_bool(config, CONFIG_API_LOOPBACK_WITHOUT_KEY) &&
		!loopback(config_str(config, CONFIG_API_LISTEN))) {
		*ret_trouble =
			STR("api.loopback_without_key: api.listen is not a loopback address, so "
			    "everybody could ask without a key");
		return ERR_SYNTAX;
	}
	if (!config_str(config, CONFIG_API_TLS_CERTIFICATE).n !=
		!config_str(config, CONFIG_API_TLS_KEY).n) {
		*ret_trouble = STR("api.tls_certificate, api.tls_key: one without the other");
		return ERR_SYNTAX;
	}
	return check_origins(config, arena, ret_trouble);
}

bool api_settings_in_the_clear(const struct config *config)
{
	return !config_str(config, CONFIG_API_TLS_CERTIFICATE).n &&
	       !loopback(config_str(config, CONFIG_API_LISTEN));
}
