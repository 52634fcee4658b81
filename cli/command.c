/* cli/command.c -- the table of subcommands as functions. */
#include "cli/command.h"

#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "core/attr.h"
#include "serve/roles.h"

#include <stdio.h>
#include <string.h>

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
