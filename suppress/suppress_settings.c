#include "suppress/suppress_settings.h"

#include "store/store.h"
#include "suppress/export/export_job.h"
#include "suppress/policy/guard.h"

static enum err load_rules(const struct config *config, struct arena *arena,
	struct policy_rules *rules, struct str *ret_trouble)
{
	struct str item;

	policy_rules_init(rules);
	for (size_t i = 0; config_item(config, CONFIG_SUPPRESS_RULES, i, &item); i++) {
		enum err err = policy_rules_add(rules, item);

		if (!err)
			continue;
		*ret_trouble = arena_printf(arena, "suppress.rules: \"%.*s\" %s", STR_ARG(item),
			err == ERR_EXISTS  ? "stands there twice"
			: err == ERR_LIMIT ? "is one rule too many"
			: err == ERR_RANGE
				? "wants 1 to 100 strikes, and at most 3650 days"
				: "is not [STREAM:]WHAT=STRIKES[/DAYS[/EXPIRES]] with WHAT hard, "
				  "soft, complaint, a reason or a family of reasons");
		return err;
	}
	return ERR_OK;
}

static enum err check_strikes(const struct suppress_settings *settings, struct str *ret_trouble)
{
	if (settings->strikes <= settings->window_days)
		return ERR_OK;
	*ret_trouble = STR("suppress.strikes: more than days in suppress.strike_window_days, so no "
			   "address would ever have them");
	return ERR_RANGE;
}

static enum err check_rules(
	const struct suppress_settings *settings, struct arena *arena, struct str *ret_trouble)
{
	for (size_t i = 0; i < settings->rules.n; i++) {
		const struct policy_rule *rule = &settings->rules.row[i];

		if (rule->strikes <= settings->window_days && rule->days < settings->window_days)
			continue;
		*ret_trouble = arena_printf(arena,
			"suppress.rules: %.*s wants more days than suppress.strike_window_days has",
			STR_ARG(policy_rule_text(rule, arena)));
		return ERR_RANGE;
	}
	return ERR_OK;
}

enum err suppress_settings_load(const struct config *config, struct arena *arena,
	struct suppress_settings *ret_settings, struct str *ret_trouble)
{
	struct str mode = config_str(config, CONFIG_SUPPRESS_UNSIGNED);
	struct str scope = config_str(config, CONFIG_SUPPRESS_SCOPE);
	struct suppress_settings settings = { .config = config };
	enum err err;

	settings.strikes = (unsigned)config_int(config, CONFIG_SUPPRESS_STRIKES);
	settings.window_days = (unsigned)config_int(config, CONFIG_SUPPRESS_STRIKE_WINDOW_DAYS);
	settings.network_strikes = (unsigned)config_int(config, CONFIG_SUPPRESS_NETWORK_STRIKES);
	settings.unsubscribes = config_bool(config, CONFIG_SUPPRESS_UNSUBSCRIBES);
	settings.per_stream = str_eq(scope, STR("stream"));
	if (!unsigned_mode_from_name(mode, &settings.unsigned_mode)) {
		*ret_trouble = arena_printf(arena,
			"suppress.unsigned: \"%.*s\" is none of strikes, hold, trust",
			STR_ARG(mode));
		return ERR_SYNTAX;
	}
	if (!settings.per_stream && !str_eq(scope, STR("global"))) {
		*ret_trouble = arena_printf(arena,
			"suppress.scope: \"%.*s\" is neither global nor stream", STR_ARG(scope));
		return ERR_SYNTAX;
	}
	err = load_rules(config, arena, &settings.rules, ret_trouble);
	if (!err)
		err = check_strikes(&settings, ret_trouble);
	if (!err)
		err = check_rules(&settings, arena, ret_trouble);
	if (!err)
		*ret_settings = settings;
	return err;
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
	struct str item;

	if (!stream.n)
		stream = STR(STORE_DEFAULT_STREAM);
	return (struct policy){ .rules = &settings->rules,
		.stream = stream,
		.unsigned_mode = settings->unsigned_mode,
		.stream_signs = stream_signs(settings->config, stream),
		.others_sign =
			config_item(settings->config, CONFIG_SUPPRESS_SIGNED_STREAMS, 0, &item),
		.per_stream = settings->per_stream };
}

static uint64_t believe(const struct store_answers *answers)
{
	const struct guard_past past = { answers->own, answers->others, answers->days };

	return guard_limit(&past, answers->others_now);
}

void suppress_judge(const struct suppress_settings *settings, struct judge *judge,
	struct store_judge *ret_judge)
{
	*judge = (struct judge){ &settings->rules, settings->strikes, settings->window_days };
	*ret_judge = (struct store_judge){ judge_case, judge, settings->network_strikes,
		config_bool(settings->config, CONFIG_SUPPRESS_OUTAGE_GUARD) ? believe : NULL };
}

unsigned suppress_memory_days(const struct suppress_settings *settings)
{
	return settings->window_days;
}

struct str suppress_policy_version(const struct suppress_settings *settings, struct arena *arena)
{
	struct str mode = unsigned_mode_name(settings->unsigned_mode);
	struct str streams = config_str(settings->config, CONFIG_SUPPRESS_SIGNED_STREAMS);
	struct str rules = config_str(settings->config, CONFIG_SUPPRESS_RULES);

	return arena_printf(arena,
		"2 unsigned=%.*s strikes=%u strike_window_days=%u network_strikes=%u scope=%s "
		"signed_streams=%.*s rules=%.*s%s",
		STR_ARG(mode), settings->strikes, settings->window_days, settings->network_strikes,
		settings->per_stream ? "stream" : "global", STR_ARG(streams), STR_ARG(rules),
		settings->unsubscribes ? " unsubscribes" : "");
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

static enum err check_jobs(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	struct export_job *jobs = arena_calloc(arena, EXPORT_JOBS, sizeof *jobs);
	size_t n;

	return export_jobs_read(
		arena, config_str(config, CONFIG_EXPORT_JOBS), jobs, &n, ret_trouble);
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
	if (!err)
		err = check_jobs(config, arena, ret_trouble);
	return err ? err : check_dir(config, ret_trouble);
}
