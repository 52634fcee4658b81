/* cli/command.c -- the table of subcommands as functions, and the two that tell about the program itself. */
#include "cli/command.h"

#include "cli/command/command_line.h"
#include "cli/command/command_table.h"
#include "cli/command/commands.h"
#include "cli/manual.h"
#include "core/attr.h"
#include "core/buf.h"
#include "serve/roles.h"

#include <stdio.h>
#include <string.h>

enum { MANUAL_BYTES = 1 << 17 };

int cmd_version(int argc UNUSED, char **argv UNUSED)
{
	puts("bounced " BOUNCED_VERSION);
	return EXIT_CODE_OK;
}

static int print_manual(void)
{
	struct buf page = BUF_INIT(MANUAL_BYTES);

	manual_write(&page);
	fwrite(page.p, 1, page.n, stdout);
	buf_release(&page);
	return fflush(stdout) ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

int cmd_help(int argc, char **argv)
{
	const struct command *command;

	if (argc > 1 && !strcmp(argv[1], "--man"))
		return print_manual();
	if (argc > 1) {
		if (!command_find(argv[1]))
			return command_misused("help", "there is no command \"%s\"", argv[1]);
		return command_print_help(argv[1]);
	}
	puts("bounced " BOUNCED_VERSION
	     ": receives the bounces of bulk mail and turns them into answers\n"
	     "\nusage: bounced COMMAND [ARGUMENT...]\n");
	for (size_t i = 0; (command = command_at(i)); i++)
		printf("  %-10s %s\n", command->name, command->help);
	puts("\n\"bounced help COMMAND\" tells more. Exit codes: 0 done, 1 could not be done, 2 "
	     "wrong usage\n"
	     "or configuration.");
	return EXIT_CODE_OK;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} functions[] = {
#define COMMAND(name, function, arguments, help) { name, function },
#include "cli/command/commands.def"
};

int command_run(int argc, char **argv)
{
	if (argc < 2) {
		cmd_help(1, argv);
		return EXIT_CODE_USAGE;
	}
	if (!strcmp(argv[1], "role"))
		return role_run(argc - 1, argv + 1);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cmd_help(1, argv);
	if (!strcmp(argv[1], "--version"))
		return cmd_version(1, argv);
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (!strcmp(argv[1], functions[i].name))
			return functions[i].run(argc - 1, argv + 1);
	fprintf(stderr, "bounced: there is no command \"%s\"\nTry \"bounced help\".\n", argv[1]);
	return EXIT_CODE_USAGE;
}
