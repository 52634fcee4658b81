#include "serve/settings/settings.h"

#include "api/api_settings.h"
#include "core/attr.h"
#include "core/log.h"
#include "dns/dns_lookup.h"
#include "domain/provider.h"
#include "ingest/smtp/smtp_settings.h"
#include "logs/log_settings.h"
#include "store/database_settings.h"
#include "suppress/hook/hook_target.h"
#include "suppress/proof/token_keys.h"
#include "suppress/suppress_settings.h"

enum { SETTINGS_RECORD_BYTES = 1 << 20 }; /* most that a spool record holds beside the message */

/* Lists, and who is told: who is told of events has them put aside, and nobody puts them aside for nobody. */
static enum err check_lists(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	struct hook_target *targets = arena_calloc(arena, HOOK_TARGETS, sizeof *targets);
	bool wanted = false;
	size_t n = 0;
	enum err err = suppress_settings_check(config, arena, ret_trouble);

	if (!err)
		err = hook_targets_read(arena, config_str(config, CONFIG_WEBHOOK_TARGETS), targets,
			&n, ret_trouble);
	for (size_t i = 0; i < n && !err; i++)
		wanted |= targets[i].tell & HOOK_EVENTS;
	if (err || wanted == config_bool(config, CONFIG_WEBHOOK_EVENTS))
		return err;
	*ret_trouble =
		wanted ? STR("webhook.events: must be true, as a target of webhook.targets "
			     "is told of events")
		       : STR("webhook.events: no target of webhook.targets is told of events");
	return ERR_SYNTAX;
}

static enum err check_domains(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	const struct providers *providers;
	struct str bad = STR_EMPTY, servers = config_str(config, CONFIG_DOMAIN_DNS_SERVERS);
	struct dns *dns = NULL;
	enum err err = providers_read(
		arena, config_str(config, CONFIG_DOMAIN_PROVIDERS), &providers, &bad);

	if (err)
		*ret_trouble = arena_printf(
			arena, "domain.providers: \"%.*s\" is no domain=provider", STR_ARG(bad));
	if (!err && servers.n)
		err = dns_new(servers, &dns);
	if (err && !ret_trouble->n)
		*ret_trouble = STR("domain.dns_servers: wanted is ADDRESS, ADDRESS:PORT or "
				   "[ADDRESS]:PORT, apart by commas");
	dns_free(dns);
	return err;
}

static enum err check_tokens(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	struct token_keys keys = { 0 };
	struct verp verp;
	enum err err = token_keys_load(config, arena, &keys, ret_trouble);

	token_keys_release(&keys);
	return err ? err : verp_load(config, arena, &verp, ret_trouble);
}

static enum err check_server(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	struct str level = config_str(config, CONFIG_SERVER_LOG_LEVEL);
	enum log_level known;
	enum log_form form;

	if (!log_level_from_name(level, &known)) {
		*ret_trouble = arena_printf(arena,
			"server.log_level: \"%.*s\" is none of debug, info, warn, error",
			STR_ARG(level));
		return ERR_SYNTAX;
	}
	if (!log_form_from_name(config_str(config, CONFIG_SERVER_LOG_FORMAT), &form)) {
		*ret_trouble = STR("server.log_format: wanted is text or json");
		return ERR_SYNTAX;
	}
	if (str_starts(config_str(config, CONFIG_SERVER_DATA_DIR), STR("/")))
		return ERR_OK;
	*ret_trouble = STR("server.data_dir: must be an absolute path");
	return ERR_SYNTAX;
}

static enum err check_segment(
	const struct config *config, struct arena *arena UNUSED, struct str *ret_trouble)
{
	if (config_int(config, CONFIG_SMTP_MAX_MESSAGE_BYTES) + SETTINGS_RECORD_BYTES <=
		config_int(config, CONFIG_SPOOL_SEGMENT_BYTES))
		return ERR_OK;
	*ret_trouble = STR(
		"smtp.max_message_bytes: a message and its envelope (1 MiB) do not fit into one "
		"spool file (spool.segment_bytes)");
	return ERR_RANGE;
}

static enum err check_quota(
	const struct config *config, struct arena *arena UNUSED, struct str *ret_trouble)
{
	if (config_int(config, CONFIG_SPOOL_QUOTA_BYTES) >=
		2 * config_int(config, CONFIG_SPOOL_SEGMENT_BYTES))
		return ERR_OK;
	*ret_trouble = STR("spool.quota_bytes: less than two spool files (spool.segment_bytes)");
	return ERR_RANGE;
}

static enum err (*const checks[])(const struct config *config, struct arena *arena,
	struct str *ret_trouble) = { smtp_settings_check, api_settings_check,
	database_settings_check, check_server, check_tokens, check_lists, log_settings_check,
	check_domains, check_segment, check_quota };

/* What works, and is hardly what was meant: of two times the one that should be longer is shorter. */
static const struct {
	enum config_id longer, shorter;
	const char *why;
} lasting[] = {
	{ CONFIG_RETENTION_EVENT_DAYS, CONFIG_RETENTION_RAW_DAYS,
		"retention.raw_days: the bytes of a mail are kept longer than its events "
		"(retention.event_days), by which they are found" },
	{ CONFIG_RETENTION_EVENT_DAYS, CONFIG_RETENTION_RAW_UNCLASSIFIED_DAYS,
		"retention.raw_unclassified_days: the bytes of a mail are kept longer than its "
		"events "
		"(retention.event_days), by which they are found" },
	{ CONFIG_RETENTION_ROLLUP_DAYS, CONFIG_RETENTION_EVENT_DAYS,
		"retention.rollup_days: counts are kept for less time than the events that they "
		"are of "
		"(retention.event_days)" },
	{ CONFIG_RETENTION_EVENT_DAYS, CONFIG_SUPPRESS_STRIKE_WINDOW_DAYS,
		"suppress.strike_window_days: strikes count for longer than the events that they "
		"come "
		"from are kept (retention.event_days)" },
};

static void warn(const struct config *config, struct findings *findings)
{
	for (size_t i = 0; i < ARRAY_LEN(lasting); i++) {
		int64_t longer = config_int(config, lasting[i].longer);

		if (longer && longer < config_int(config, lasting[i].shorter) &&
			(findings->lines[lasting[i].longer] ||
				findings->lines[lasting[i].shorter] ||
				findings->environment[lasting[i].longer] ||
				findings->environment[lasting[i].shorter]))
			findings_add(findings, FINDING_WARNING, str_c(lasting[i].why));
	}
	if (api_settings_in_the_clear(config))
		findings_add(findings, FINDING_WARNING,
			STR("api.listen: other machines may ask, and keys go in the clear: set "
			    "api.tls_certificate, or let a proxy on this machine do TLS"));
}

enum err settings_check(const struct config *config, struct findings *findings)
{
	enum err first = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct str trouble = STR_EMPTY;
		enum err err = checks[i](config, findings->arena, &trouble);

		if (err)
			findings_add(findings, FINDING_ERROR, trouble);
		first = first ? first : err;
	}
	warn(config, findings);
	return first;
}
