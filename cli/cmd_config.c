/* cli/cmd_config.c -- `bounced config check|print|docs`. */
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/config_check.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/config.h"
#include "serve/settings/config_load.h"

#include <stdio.h>
#include <string.h>

enum { CONFIG_PAGE_BYTES = 1 << 20 };

static int print_page(const struct buf *page)
{
	fwrite(page->p, 1, page->n, stdout);
	return fflush(stdout) ? command_failed("cannot write to standard output") : EXIT_CODE_OK;
}

/* Everything that is wrong, not the first of it: a configuration that cannot be read in full is tried as far as it was. */
static int check(const char *path)
{
	struct arena *arena = arena_new();
	struct findings *findings = arena_zalloc(arena, sizeof *findings);
	struct config *config = config_new();
	bool errors;

	findings_init(findings, arena);
	ERR_IGNORE(config_load(config, path, findings), "the findings tell");
	config_check_all(config, CONFIG_CHECK_BEFORE, findings);
	printf("Settings were read from %s.\n",
		findings->file ? findings->file
			       : "no file: all are as built in, or of the environment");
	fflush(stdout);
	command_findings(findings, FINDING_WARNING);
	command_findings(findings, FINDING_ERROR);
	errors = findings->errors;
	if (!errors)
		puts("The configuration is right.");
	config_free(config);
	arena_free(arena);
	return errors ? EXIT_CODE_USAGE : EXIT_CODE_OK;
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
	if (!strcmp(argv[1], "check"))
		return check(path);
	if (strcmp(argv[1], "docs")) {
		config = command_config(path);
		if (!config)
			return EXIT_CODE_USAGE;
		config_print(config, R_EVERYTHING, CONFIG_HIDE_SECRETS, &page);
	} else {
		config_docs(&page);
	}
	code = print_page(&page);
	buf_release(&page);
	config_free(config);
	return code;
}
