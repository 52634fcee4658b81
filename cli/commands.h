/* cli/commands.h -- the subcommands and what they share.
 * Each gets its own argv (argv[0] is its name) and returns an exit code. */
#pragma once
#include "core/attr.h"
#include "core/str.h"
#include "serve/exit_code.h"

#define COMMAND(name, function, arguments, help) int function(int argc, char **argv);
#include "cli/commands.def"

/* The whole command line: picks the subcommand. */
int command_run(int argc, char **argv);

/* Prints "bounced: ..." to standard error and returns EXIT_CODE_FAILED or EXIT_CODE_USAGE. */
int command_failed(const char *format, ...) PRINTF_LIKE(1, 2);
int command_misused(const char *command, const char *format, ...) PRINTF_LIKE(2, 3);
/* "usage: bounced NAME ARGUMENTS" and its help, for --help. Returns EXIT_CODE_OK. */
int command_print_help(const char *command);

/* Options of a command: `--name VALUE`, `--name=VALUE`, or a flag. */
struct command_option {
	const char *name;   /* "--config" */
	const char **value; /* where the value goes; NULL: a flag */
	bool *flag;
};
/* Moves options out of argv; what is left of it are the operands, *ret_argc of them from argv[1] on. "--" ends the
 * options. False, and the message printed, for an option that is not in the table or lacks its
 * value. `--help` prints help and sets *ret_help. */
bool command_options(int argc, char **argv, const struct command_option *options, size_t n_options,
	int *ret_argc, bool *ret_help);

/* The settings of `--config`, or the trouble printed and NULL: exit with EXIT_CODE_USAGE. */
struct arena;
struct config;
struct store;
struct config *command_config(const char *path);
/* Connects once. NULL, and the reason printed, when it cannot. The caller closes it. */
struct store *command_store(const struct config *config, struct arena *arena, const char *name);

/* The course of a command that needs settings: its options (and --config), the settings, then `run` with the
 * operands that are left, argv[0] being the command's name. `arena` lives as long as the run. */
typedef int command_fn(
	void *context, const struct config *config, struct arena *arena, int argc, char **argv);
int command_configured(int argc, char **argv, const struct command_option *options,
	size_t n_options, command_fn *run, void *context);
