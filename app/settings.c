#include "app/settings.h"

#include "app/smtp_settings.h"
#include "app/suppress_settings.h"
#include "app/token_keys.h"
#include "core/log.h"

enum { SETTINGS_RECORD_BYTES = 1 << 20 }; /* most that a spool record holds beside the message */

bool settings_split_address(struct str address, struct str *ret_host, struct str *ret_port)
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

bool settings_private_cluster(const struct config *config)
{
	return !config_str(config, CONFIG_DATABASE_URL).n;
}

const char *settings_spool_dir(const struct config *config, struct arena *arena)
{
	struct str dir = config_str(config, CONFIG_SERVER_DATA_DIR);

	return arena_printf(arena, "%.*s/spool", STR_ARG(dir)).p;
}

const char *settings_spool_lane(const struct config *config, struct arena *arena, const char *lane)
{
	return arena_printf(arena, "%s/%s", settings_spool_dir(config, arena), lane).p;
}

const char *settings_cluster_dir(const struct config *config, struct arena *arena)
{
	struct str dir = config_str(config, CONFIG_SERVER_DATA_DIR);

	return arena_printf(arena, "%.*s/postgres", STR_ARG(dir)).p;
}

static enum err check_addresses(const struct config *config, enum config_id id, struct arena *arena,
	struct str *ret_trouble)
{
	const struct config_row *row = config_row(id);
	struct str item, host, port;
	size_t n = 0;

	while (config_item(config, id, n, &item)) {
		n++;
		if (settings_split_address(item, &host, &port))
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

	return settings_split_address(address, &host, &port) &&
	       (str_starts(host, STR("127.")) || str_eq(host, STR("::1")) ||
		       str_eq(host, STR("localhost")));
}

enum err settings_check(const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	struct str level = config_str(config, CONFIG_SERVER_LOG_LEVEL);
	struct token_keys keys = { 0 };
	enum log_level known;
	enum err err = smtp_settings_check(config, arena, ret_trouble);

	if (!err)
		err = check_addresses(config, CONFIG_API_LISTEN, arena, ret_trouble);
	if (err)
		return err;
	if (!log_level_from_name(level, &known)) {
		*ret_trouble = arena_printf(arena,
			"server.log_level: \"%.*s\" is none of debug, info, warn, error",
			STR_ARG(level));
		return ERR_SYNTAX;
	}
	if (!str_starts(config_str(config, CONFIG_SERVER_DATA_DIR), STR("/"))) {
		*ret_trouble = STR("server.data_dir: must be an absolute path");
		return ERR_SYNTAX;
	}
	if (config_bool(config, CONFIG_API_LOOPBACK_WITHOUT_KEY) &&
		!loopback(config_str(config, CONFIG_API_LISTEN))) {
		*ret_trouble =
			STR("api.loopback_without_key: api.listen is not a loopback address, so "
			    "everybody could ask without a key");
		return ERR_SYNTAX;
	}
	err = token_keys_load(config, arena, &keys, ret_trouble);
	token_keys_release(&keys);
	if (!err)
		err = suppress_settings_check(config, arena, ret_trouble);
	if (err)
		return err;
	if (config_int(config, CONFIG_SMTP_MAX_MESSAGE_BYTES) + SETTINGS_RECORD_BYTES >
		config_int(config, CONFIG_SPOOL_SEGMENT_BYTES)) {
		*ret_trouble = STR("smtp.max_message_bytes: a message and its envelope (1 MiB) do "
				   "not fit into one "
				   "spool file (spool.segment_bytes)");
		return ERR_RANGE;
	}
	if (config_int(config, CONFIG_SPOOL_QUOTA_BYTES) <
		2 * config_int(config, CONFIG_SPOOL_SEGMENT_BYTES)) {
		*ret_trouble =
			STR("spool.quota_bytes: less than two spool files (spool.segment_bytes)");
		return ERR_RANGE;
	}
	return ERR_OK;
}
