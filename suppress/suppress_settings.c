#include "suppress/suppress_settings.h"

#include "store/store.h"

static enum err check_strikes(const struct store_strikes *strikes, struct str *ret_trouble)
{
	if (strikes->strikes <= strikes->window_days)
		return ERR_OK;
	*ret_trouble = STR("suppress.strikes: more than days in suppress.strike_window_days, so no "
			   "address would ever have them");
	return ERR_RANGE;
}

enum err suppress_settings_load(const struct config *config, struct arena *arena,
	struct suppress_settings *ret_settings, struct str *ret_trouble)
{
	struct str mode = config_str(config, CONFIG_SUPPRESS_UNSIGNED);
	struct str scope = config_str(config, CONFIG_SUPPRESS_SCOPE);
	struct suppress_settings settings = { .config = config };

	settings.strikes = (struct store_strikes){
		.strikes = (unsigned)config_int(config, CONFIG_SUPPRESS_STRIKES),
		.window_days = (unsigned)config_int(config, CONFIG_SUPPRESS_STRIKE_WINDOW_DAYS),
		.per_stream = str_eq(scope, STR("stream")),
	};
	if (!unsigned_mode_from_name(mode, &settings.unsigned_mode)) {
		*ret_trouble = arena_printf(arena,
			"suppress.unsigned: \"%.*s\" is none of strikes, hold, trust",
			STR_ARG(mode));
		return ERR_SYNTAX;
	}
	if (!settings.strikes.per_stream && !str_eq(scope, STR("global"))) {
		*ret_trouble = arena_printf(arena,
			"suppress.scope: \"%.*s\" is neither global nor stream", STR_ARG(scope));
		return ERR_SYNTAX;
	}
	*ret_settings = settings;
	return check_strikes(&settings.strikes, ret_trouble);
}

static bool stream_signs(const struct config *config, struct str stream)
{
	struct str item;

	for (size_t i = 0; config_item(config, CONFIG_SUPPRESS_SIGNED_STREAMS, i, &item); i++)
		if (str_eq(item, STR("*")) || str_eq(item, stream))
			return true;
	return false;
}

struct policy suppress_policy(const struct suppress_settings *settings, struct str stream)
{
	if (!stream.n)
		stream = STR(STORE_DEFAULT_STREAM);
	return (struct policy){ settings->unsigned_mode, stream_signs(settings->config, stream) };
}

struct str suppress_policy_version(const struct suppress_settings *settings, struct arena *arena)
{
	struct str mode = unsigned_mode_name(settings->unsigned_mode);
	struct str streams = config_str(settings->config, CONFIG_SUPPRESS_SIGNED_STREAMS);

	return arena_printf(arena,
		"1 unsigned=%.*s strikes=%u strike_window_days=%u scope=%s signed_streams=%.*s",
		STR_ARG(mode), settings->strikes.strikes, settings->strikes.window_days,
		settings->strikes.per_stream ? "stream" : "global", STR_ARG(streams));
}

enum err suppress_export_formats(const struct config *config, struct arena *arena,
	enum format ret_formats[static FORMAT_COUNT], size_t *ret_n, struct str *ret_trouble)
{
	bool wanted[FORMAT_COUNT] = { false };
	enum format format;
	struct str item;
	size_t n = 0;

	for (size_t i = 0; config_item(config, CONFIG_EXPORT_FORMATS, i, &item); i++) {
		/* Only these say in a column what was removed. */
		if (!format_from_name(item, &format) ||
			!(format_row_of(format)->flags & FORMAT_CANONICAL)) {
			*ret_trouble = arena_printf(arena,
				"export.formats: \"%.*s\" is neither csv nor ndjson; jobs write "
				"the others",
				STR_ARG(item));
			return ERR_SYNTAX;
		}
		wanted[format] = true;
	}
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		if (wanted[i])
			ret_formats[n++] = (enum format)i;
	*ret_n = n;
	return ERR_OK;
}

static enum err check_dir(const struct config *config, struct str *ret_trouble)
{
	struct str dir = config_str(config, CONFIG_EXPORT_DIR);

	if (!dir.n || dir.p[0] == '/')
		return ERR_OK;
	*ret_trouble = STR("export.dir: must be an absolute path");
	return ERR_SYNTAX;
}

static enum err check_signed(const struct config *config, struct str *ret_trouble)
{
	struct str item;

	if (config_item(config, CONFIG_TOKEN_KEYS, 0, &item))
		return ERR_OK;
	if (config_item(config, CONFIG_SMTP_REQUIRE_TOKEN, 0, &item)) {
		*ret_trouble =
			STR("smtp.require_token: token.keys has no key to verify with, so no "
			    "bounce of these streams would ever be taken");
		return ERR_SYNTAX;
	}
	if (!config_item(config, CONFIG_SUPPRESS_SIGNED_STREAMS, 0, &item))
		return ERR_OK;
	*ret_trouble = STR("suppress.signed_streams: token.keys has no key to verify with, so no "
			   "bounce of these streams would ever count");
	return ERR_SYNTAX;
}

enum err suppress_settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	enum format formats[FORMAT_COUNT];
	struct suppress_settings settings;
	size_t n;
	enum err err = suppress_settings_load(config, arena, &settings, ret_trouble);

	if (!err)
		err = suppress_export_formats(config, arena, formats, &n, ret_trouble);
	if (!err)
		err = check_signed(config, ret_trouble);
	return err ? err : check_dir(config, ret_trouble);
}
