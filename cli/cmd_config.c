/* cli/cmd_config.c -- `bounced config check|print|docs`. */
#include "cli/command/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/rules_load.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/config.h"
#include "serve/settings.h"
#include "serve/tls_files.h"

#include <stdio.h>
#include <string.h>

enum { CONFIG_PAGE_BYTES = 1 << 20 };

static int print_page(const struct buf *page)
{
	fwrite(page->p, 1, page->n, stdout);
	return fflush(stdout) ? command_failed("cannot write to standard output") : EXIT_CODE_OK;
}

/* A key that root alone may read cannot be judged by others, and is right nevertheless. */
static int check_certificate(const struct config *config, struct arena *arena)
{
	struct tls_files files;
	struct str trouble = STR_EMPTY;
	enum err err = tls_files_open(config, arena, &files, &trouble);

	if (err && err != ERR_DENIED) {
		command_failed("%.*s", STR_ARG(trouble));
		return EXIT_CODE_USAGE;
	}
	if (err)
		command_failed("not checked: %.*s", STR_ARG(trouble));
	puts("The configuration is right.");
	return EXIT_CODE_OK;
}

static int check(const struct config *config)
{
	struct arena *arena = arena_new();
	struct str trouble = STR_EMPTY;
	int code = EXIT_CODE_OK;

	if (settings_check(config, arena, &trouble)) {
		command_failed("%.*s", STR_ARG(trouble));
		code = EXIT_CODE_USAGE;
	} else if (!rules_setting_or_say(config, arena)) {
		code = EXIT_CODE_USAGE;
	} else {
		code = check_certificate(config, arena);
	}
	arena_free(arena);
	return code;
}

int cmd_config(int argc, char **argv)
{
	struct buf page = BUF_INIT(CONFIG_PAGE_BYTES);
	const char *path = NULL;
	const struct command_option options[] = { { "--config", &path, NULL } };
	struct config *config = NULL;
	bool help;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc != 2 ||
		(strcmp(argv[1], "check") && strcmp(argv[1], "print") && strcmp(argv[1], "docs")))
		return command_misused("config", "one of check, print or docs is needed");
	if (strcmp(argv[1], "docs")) {
		config = command_config(path);
		if (!config)
			return EXIT_CODE_USAGE;
	}
	if (!strcmp(argv[1], "check")) {
		code = check(config);
	} else {
		if (config)
			config_print(config, R_EVERYTHING, CONFIG_HIDE_SECRETS, &page);
		else
			config_docs(&page);
		code = print_page(&page);
	}
	buf_release(&page);
	config_free(config);
	return code;
}
