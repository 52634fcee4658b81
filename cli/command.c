/* cli/command.c -- the table of subcommands, their options, and what they say when misused. */
#define _GNU_SOURCE
#include "cli/commands.h"
#include "cli/manual.h"
#include "core/arena.h"
#include "core/config.h"
#include "serve/role.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { MANUAL_BYTES = 1 << 17 };

static const struct command {
	const char *name;
	int (*function)(int argc, char **argv);
	const char *arguments, *help;
} commands[] = {
#define COMMAND(name, function, arguments, help) { name, function, arguments, help },
#include "cli/commands.def"
};

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

int command_failed(const char *format, ...)
{
	va_list args;

	fputs("bounced: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_CODE_FAILED;
}

int command_misused(const char *name, const char *format, ...)
{
	va_list args;

	fprintf(stderr, "bounced %s: ", name);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, "\nTry \"bounced help %s\".\n", name);
	return EXIT_CODE_USAGE;
}

int command_print_help(const char *name)
{
	const struct command *command = find_command(name);

	printf("usage: bounced %s %s\n%s\n", command->name, command->arguments, command->help);
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

enum { COMMAND_MAX_OPTIONS = 8 };

int command_configured(int argc, char **argv, const struct command_option *options,
	size_t n_options, command_fn *run, void *context)
{
	struct command_option all[COMMAND_MAX_OPTIONS];
	const char *path = NULL;
	struct config *config;
	struct arena *arena;
	bool help;
	int code;

	assert(n_options < COMMAND_MAX_OPTIONS);
	for (size_t i = 0; i < n_options; i++)
		all[i] = options[i];
	all[n_options] = (struct command_option){ "--config", &path, NULL };
	if (!command_options(argc, argv, all, n_options + 1, &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	config = command_config(path);
	if (!config)
		return EXIT_CODE_USAGE;
	arena = arena_new();
	code = run(context, config, arena, argc, argv);
	arena_free(arena);
	config_free(config);
	return code;
}

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
	if (argc > 1 && !strcmp(argv[1], "--man"))
		return print_manual();
	if (argc > 1) {
		if (!find_command(argv[1]))
			return command_misused("help", "there is no command \"%s\"", argv[1]);
		return command_print_help(argv[1]);
	}
	puts("bounced " BOUNCED_VERSION
	     ": receives the bounces of bulk mail and turns them into answers\n"
	     "\nusage: bounced COMMAND [ARGUMENT...]\n");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
	puts("\n\"bounced help COMMAND\" tells more. Exit codes: 0 done, 1 could not be done, 2 "
	     "wrong usage\n"
	     "or configuration.");
	return EXIT_CODE_OK;
}

int command_run(int argc, char **argv)
{
	const struct command *command;

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
	command = find_command(argv[1]);
	if (!command) {
		fprintf(stderr, "bounced: there is no command \"%s\"\nTry \"bounced help\".\n",
			argv[1]);
		return EXIT_CODE_USAGE;
	}
	return command->function(argc - 1, argv + 1);
}
