/* cli/tools/cmd_help.c -- the two commands that tell about the program itself. */
#include "cli/command/command_line.h"
#include "cli/command/command_table.h"
#include "cli/command/commands.h"
#include "cli/tools/manual.h"
#include "core/attr.h"
#include "core/buf.h"

#include <stdio.h>
#include <string.h>

enum { MANUAL_BYTES = 1 << 17 };

int cmd_version(int argc UNUSED, char **argv UNUSED)
{
	printf("%s " BOUNCED_VERSION "\n", command_program());
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
	printf("%s " BOUNCED_VERSION ": %s\n\nusage: %s COMMAND [ARGUMENT...]\n\n",
		command_program(), manual_purpose(), command_program());
	for (size_t i = 0; (command = command_at(i)); i++)
		printf("  %-10s %s\n", command->name, command->help);
	printf("\n\"%s help COMMAND\" tells more. Exit codes: 0 done, 1 could not be done, 2 "
	       "wrong usage\n"
	       "or configuration.\n",
		command_program());
	return EXIT_CODE_OK;
}
