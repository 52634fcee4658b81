#include "cli/config_check.h"

#include "api/api_settings.h"
#include "cli/config_check_files.h"
#include "cli/tools/rules_load.h"
#include "core/err.h"
#include "ingest/smtp/smtp_listen.h"
#include "serve/listeners.h"
#include "serve/sandbox/privilege.h"
#include "serve/settings/settings.h"
#include "serve/tls_files.h"
#include "store/database_settings.h"

#include <unistd.h>

/* ---- users and folders ---- */

static void check_folders(const struct config *config, struct findings *findings)
{
	static const enum config_id folders[] = { CONFIG_SERVER_DATA_DIR, CONFIG_EXPORT_DIR };
	struct arena *arena = findings->arena;
	const char *wanted = arena_c(arena, config_str(config, CONFIG_SERVER_USER));
	struct str trouble = STR_EMPTY;

	if (privilege_check_user(arena, wanted, &trouble)) {
		findings_add(findings, FINDING_ERROR,
			arena_printf(arena, "server.user: %.*s", STR_ARG(trouble)));
		wanted = "";
	}
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		const struct config_row *row = config_row(folders[i]);
		const char *path = arena_c(arena, config_str(config, folders[i]));
		enum folder_maker maker =
			folders[i] == CONFIG_SERVER_DATA_DIR ? FOLDER_BY_STARTER : FOLDER_IS_THERE;

		if (*path != '/' || !privilege_check_folder(arena, wanted, path, maker, &trouble))
			continue;
		findings_add(findings, FINDING_ERROR,
			arena_printf(arena, "%.*s.%.*s: %.*s", STR_ARG(row->section),
				STR_ARG(row->key), STR_ARG(trouble)));
	}
}

/* ---- ports ---- */

static bool is_any(struct str host)
{
	return !host.n || str_eq(host, STR("0.0.0.0")) || str_eq(host, STR("::")) ||
	       str_eq(host, STR("*"));
}

static void check_both(const struct config *config, struct findings *findings)
{
	struct str host, port, text, trouble;

	if (!api_split_address(config_str(config, CONFIG_API_LISTEN), &host, &port) ||
		str_eq(port, STR("0")))
		return;
	for (size_t i = 0; config_item(config, CONFIG_SMTP_LISTEN, i, &text); i++) {
		struct smtp_listen listen;

		if (smtp_listen_parse(text, &listen, &trouble) || listen.path.n ||
			!str_eq(listen.port, port))
			continue;
		if (str_eq(listen.host, host) || is_any(listen.host) || is_any(host))
			findings_add(findings, FINDING_ERROR,
				arena_printf(findings->arena,
					"api.listen: port %.*s is one of smtp.listen, too",
					STR_ARG(port)));
	}
}

/* A port in use may be this server's own, which runs already. */
static void add_socket(struct findings *findings, const char *setting, struct str text,
	const char *why, enum err err)
{
	findings_add(findings, err == ERR_EXISTS ? FINDING_WARNING : FINDING_ERROR,
		arena_printf(findings->arena, "%s: %.*s: %s%s", setting, STR_ARG(text), why,
			err == ERR_EXISTS ? " (in use now, by a server that runs?)" : ""));
}

static void check_smtp_sockets(const struct config *config, struct findings *findings)
{
	struct str text, trouble;

	for (size_t i = 0; config_item(config, CONFIG_SMTP_LISTEN, i, &text); i++) {
		char why[SMTP_LISTEN_TROUBLE_BYTES] = "";
		struct smtp_listen listen;
		int fd = -1;
		enum err err;

		/* The file of a Unix socket would be made. */
		if (smtp_listen_parse(text, &listen, &trouble) || listen.path.n)
			continue;
		err = smtp_listen_open(&listen, why, &fd);
		if (fd >= 0)
			close(fd);
		if (err && (err != ERR_DENIED || geteuid() == 0))
			add_socket(findings, "smtp.listen", text, why, err);
	}
}

static void check_sockets(const struct config *config, struct findings *findings)
{
	struct listeners_given none = { 0 };
	struct str trouble = STR_EMPTY;
	int fd = -1;
	enum err err;

	check_both(config, findings);
	check_smtp_sockets(config, findings);
	err = listeners_open_http(config, findings->arena, &none, &fd, &trouble);
	if (fd >= 0)
		close(fd);
	if (err && err != ERR_SYNTAX && (err != ERR_DENIED || geteuid() == 0))
		findings_add(findings, err == ERR_EXISTS ? FINDING_WARNING : FINDING_ERROR,
			arena_printf(findings->arena, "%.*s%s", STR_ARG(trouble),
				err == ERR_EXISTS ? " (by a server that runs?)" : ""));
}

/* ---- files and programs ---- */

/* A key that root alone may read cannot be judged by others, and is right nevertheless. */
static void check_certificate(
	const struct config *config, enum tls_use use, struct findings *findings)
{
	struct tls_files files = { 0 };
	struct str trouble = STR_EMPTY;
	enum err err = tls_files_open(config, use, findings->arena, &files, &trouble);

	if (err)
		findings_add(findings, err == ERR_DENIED ? FINDING_WARNING : FINDING_ERROR,
			err == ERR_DENIED ? arena_printf(findings->arena, "%.*s (not checked)",
						    STR_ARG(trouble))
					  : trouble);
}

static void check_programs(const struct config *config, struct findings *findings)
{
	struct str trouble = STR_EMPTY;

	if (database_is_private(config) &&
		database_programs_check(config, findings->arena, &trouble))
		findings_add(findings, FINDING_ERROR, trouble);
}

static void check_rules(const struct config *config, struct findings *findings)
{
	if (!rules_setting_or_say(config, findings->arena))
		findings_add(findings, FINDING_ERROR,
			arena_printf(findings->arena, "parser.rules_file: %.*s: see above",
				STR_ARG(config_str(config, CONFIG_PARSER_RULES_FILE))));
}

void config_check_all(
	const struct config *config, enum config_check_when when, struct findings *findings)
{
	ERR_IGNORE(settings_check(config, findings), "the findings tell");
	check_folders(config, findings);
	config_check_files(config, findings);
	if (when == CONFIG_CHECK_BEFORE)
		check_sockets(config, findings);
	check_certificate(config, TLS_OF_SMTP, findings);
	check_certificate(config, TLS_OF_API, findings);
	check_programs(config, findings);
	check_rules(config, findings);
}
