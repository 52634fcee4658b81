/* cli/cmd_serve.c -- `bounced serve`: settings, sockets, privileges, then the supervisor. */
#define _GNU_SOURCE
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/server/command_config.h"
#include "cli/tools/rules_load.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/config.h"
#include "core/log.h"
#include "logs/log_settings.h"
#include "serve/folder_lock.h"
#include "serve/presence.h"
#include "serve/role.h"
#include "serve/sandbox/privilege.h"
#include "serve/settings/settings.h"
#include "serve/supervisor.h"
#include "store/database_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <string.h>
#include <unistd.h>

static bool choose_roles(const struct config *config, const char *list, unsigned *ret_roles)
{
	struct str rest = str_c(list), word;
	unsigned roles = list ? 0 : (1u << ROLE_COUNT) - 1;
	enum role_id id;

	while (str_next_word(&rest, ", ", &word)) {
		if (!role_from_name(word, &id)) {
			command_misused("serve", "there is no role \"%.*s\"", STR_ARG(word));
			return false;
		}
		roles |= 1u << id;
	}
	if (!database_is_private(config))
		roles &= ~(1u << ROLE_POSTGRES);
	if (!config_bool(config, CONFIG_DATABASE_MIGRATE_ON_START))
		roles &= ~(1u << ROLE_MIGRATE);
	if (!config_str(config, CONFIG_WEBHOOK_TARGETS).n)
		roles &= ~(1u << ROLE_HOOK);
	if (!config_bool(config, CONFIG_DOMAIN_MX_LOOKUPS))
		roles &= ~(1u << ROLE_RESOLVER);
	if (!log_settings_any(config))
		roles &= ~(1u << ROLE_LOG);
	*ret_roles = roles;
	return true;
}

/* The first line: what runs here, as whom, and where it listens. */
static void log_start(const struct config *config)
{
	const struct passwd *user = getpwuid(geteuid());

	log_event(LOG_INFO, "starting", LOG_C("version", BOUNCED_VERSION),
		LOG_C("user", user ? user->pw_name : "?"),
		LOG_STR("smtp", config_str(config, CONFIG_SMTP_LISTEN)),
		LOG_STR("api", config_str(config, CONFIG_API_LISTEN)),
		LOG_C("database", database_is_private(config) ? "private" : "configured"),
		LOG_STR("data_dir", config_str(config, CONFIG_SERVER_DATA_DIR)));
}

/* Warnings are what `config check` is asked for. */
static bool settings_right(const struct config *config, struct findings *findings)
{
	if (!settings_check(config, findings))
		return true;
	command_findings(findings, FINDING_ERROR);
	return false;
}

/* Those of roles that run here. */
static enum err open_tls(const struct config *config, unsigned roles, struct arena *arena,
	struct tls_files ret_tls[static TLS_USES], struct str *ret_trouble)
{
	static const enum role_id users[TLS_USES] = {
		[TLS_OF_SMTP] = ROLE_SMTP, [TLS_OF_API] = ROLE_API
	};
	enum err err = ERR_OK;

	for (size_t use = 0; use < TLS_USES; use++) {
		ret_tls[use] = (struct tls_files){ .reader_fd = -1, .fds = { -1, -1 } };
		if (!err && roles & 1u << users[use])
			err = tls_files_open(
				config, (enum tls_use)use, arena, &ret_tls[use], ret_trouble);
	}
	return err;
}

static enum err open_listeners(
	struct arena *arena, struct supervisor_options *options, struct str *ret_trouble)
{
	struct listeners_given given;
	enum err err = listeners_given(&given, ret_trouble);

	if (!err && options->roles & (1u << ROLE_SMTP))
		err = listeners_open(options->config, arena, &given, &options->smtp, ret_trouble);
	if (!err && options->roles & (1u << ROLE_API))
		err = listeners_open_http(
			options->config, arena, &given, &options->http_fd, ret_trouble);
	return err ? err : listeners_check_given(&given, arena, ret_trouble);
}

static int serve(struct config *config, unsigned roles, const char *user, struct findings *findings)
{
	struct arena *arena = findings->arena;
	struct supervisor_options options = { .config = config, .roles = roles, .http_fd = -1 };
	const char *data_dir = arena_c(arena, config_str(config, CONFIG_SERVER_DATA_DIR));
	struct str trouble = STR_EMPTY;
	enum log_level level = LOG_INFO;
	enum log_form form;
	enum err err;

	if (!settings_right(config, findings))
		return EXIT_CODE_USAGE;
	if (roles & (1u << ROLE_POSTGRES) && database_programs_check(config, arena, &trouble)) {
		command_failed("%.*s", STR_ARG(trouble));
		return EXIT_CODE_USAGE;
	}
	if (!log_level_from_name(config_str(config, CONFIG_SERVER_LOG_LEVEL), &level))
		return EXIT_CODE_USAGE;
	log_setup(level, "supervisor");
	if (log_form_from_name(config_str(config, CONFIG_SERVER_LOG_FORMAT), &form))
		log_set_form(form);
	if (!rules_setting_or_say(config, arena))
		return EXIT_CODE_USAGE;
	err = rules_setting_open(config, arena, &options.rules_fd, &trouble);
	if (!err)
		err = open_tls(config, roles, arena, options.tls, &trouble);
	if (!err && (err = open_listeners(arena, &options, &trouble)) == ERR_SYNTAX) {
		command_failed("%.*s", STR_ARG(trouble));
		return EXIT_CODE_USAGE; /* it would end so however often it was started */
	}
	if (!err)
		err = privilege_drop(arena, user, data_dir, &trouble);
	if (!err)
		err = folder_lock(arena, data_dir, roles, &trouble);
	if (err)
		return command_failed("%.*s", STR_ARG(trouble));
	options.word = presence_word(arena, data_dir);
	log_start(config);
	return supervisor_run(&options);
}

int cmd_serve(int argc, char **argv)
{
	const char *path = NULL, *list = NULL, *user = NULL;
	const struct command_option options[] = { { "--config", &path, NULL },
		{ "--roles", &list, NULL }, { "--user", &user, NULL } };
	struct findings findings;
	struct config *config;
	struct arena *arena;
	unsigned roles;
	bool help;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc > 1)
		return command_misused("serve", "does not take \"%s\"", argv[1]);
	arena = arena_new();
	findings_init(&findings, arena);
	config = command_config_found(path, &findings);
	if (!config) {
		arena_free(arena);
		return EXIT_CODE_USAGE;
	}
	if (!user)
		user = arena_c(arena, config_str(config, CONFIG_SERVER_USER));
	code = choose_roles(config, list, &roles) ? serve(config, roles, user, &findings)
						  : EXIT_CODE_USAGE;
	arena_free(arena);
	config_free(config);
	return code;
}
