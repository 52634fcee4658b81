#define _GNU_SOURCE
#include "cli/command/command_line.h"

#include "cli/command/command_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int command_failed(const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s: ", command_program());
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_CODE_FAILED;
}

int command_misused(const char *name, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "%s %s: ", command_program(), name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry \"%s help %s\".\n", command_program(), name);
	return EXIT_CODE_USAGE;
}

/* Each once, in the order of the usage line. */
static void print_options(const struct command *command)
{
	struct str rest = str_c(command->arguments), name, before;

	while (command_next_option(&rest, &name)) {
		const struct command_option_row *row = command_option_find(command->name, name);
		struct str seen =
			str_head(str_c(command->arguments), (size_t)(name.p - command->arguments));
		bool again = false;

		while (command_next_option(&seen, &before))
			again |= str_eq(before, name);
		if (row && !again)
			printf("\n  %-18s%s\n%20s%s%s\n", row->name, row->meaning, "",
				command_program(), command_example(row));
	}
}

int command_print_help(const char *name)
{
	const struct command *command = command_find(name);

	printf("usage: %s %s %s\n%s\n", command_program(), command->name, command->arguments,
		command->help);
	print_options(command);
	return EXIT_CODE_OK;
}

static const struct command_option *find_option(
	const struct command_option *options, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(str_c(options[i].name), name))
			return &options[i];
	return NULL;
}

/* Takes the option at argv[*at], and its value if that is the next word. */
static bool take_option(
	int argc, char **argv, int *at, const struct command_option *options, size_t n_options)
{
	char *equals = strchr(argv[*at], '=');
	struct str name = str_c(argv[*at]);
	const struct command_option *option;

	if (equals)
		name = str_head(name, (size_t)(equals - argv[*at]));
	option = find_option(options, n_options, name);
	if (!option) {
		command_misused(argv[0], "unknown option %.*s", STR_ARG(name));
		return false;
	}
	if (!option->value) {
		*option->flag = true;
		return true;
	}
	if (!equals && *at + 1 >= argc) {
		command_misused(argv[0], "%s needs a value", option->name);
		return false;
	}
	*option->value = equals ? equals + 1 : argv[++*at];
	return true;
}

bool command_options(int argc, char **argv, const struct command_option *options, size_t n_options,
	int *ret_argc, bool *ret_help)
{
	bool ended = false;
	int kept = 1;

	*ret_help = false;
	for (int i = 1; i < argc; i++) {
		if (ended || argv[i][0] != '-' || !strcmp(argv[i], "-")) {
			argv[kept++] = argv[i];
		} else if (!strcmp(argv[i], "--")) {
			ended = true;
		} else if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h")) {
			*ret_help = true;
			command_print_help(argv[0]);
			return true;
		} else if (!take_option(argc, argv, &i, options, n_options)) {
			return false;
		}
	}
	argv[kept] = NULL;
	*ret_argc = kept;
	return true;
}
