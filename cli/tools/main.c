/* cli/tools/main.c -- main() of bounced-tools: the commands that need no server, in a program that is linked with no more than they
 * need: no database, no network. */
#include "cli/command/command_line.h"
#include "cli/command/command_table.h"
#include "cli/command/commands.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} functions[] = { { "parse", cmd_parse }, { "classify", cmd_classify }, { "reasons", cmd_reasons },
	{ "rules", cmd_rules }, { "completion", cmd_completion }, { "version", cmd_version },
	{ "help", cmd_help } };

int main(int argc, char **argv)
{
	const char *names[ARRAY_LEN(functions) + 1] = { NULL };

	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		names[i] = functions[i].name;
	command_program_is("bounced-tools", names);
	if (argc < 2) {
		cmd_help(1, argv);
		return EXIT_CODE_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return cmd_help(1, argv);
	if (!strcmp(argv[1], "--version"))
		return cmd_version(1, argv);
	for (size_t i = 0; i < ARRAY_LEN(functions); i++)
		if (!strcmp(argv[1], functions[i].name))
			return functions[i].run(argc - 1, argv + 1);
	fprintf(stderr, "bounced-tools: there is no command \"%s\"\nTry \"bounced-tools help\".\n",
		argv[1]);
	return EXIT_CODE_USAGE;
}
