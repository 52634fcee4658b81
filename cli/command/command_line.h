/* cli/command/command_line.h -- options and operands, and what is said of wrong ones.
 * Knows: the command's row in commands.def. Does not know what a command does. */
#pragma once
#include "core/attr.h"
#include "core/str.h"
#include "core/err.h"

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
