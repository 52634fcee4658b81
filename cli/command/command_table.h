/* cli/command/command_table.h -- the rows of commands.def and options.def as words. */
#pragma once
#include "core/str.h"

/* There are two programs, `bounced` with every command and one with some: its name, and the names of its commands, which NULL
 * ends. For main(); what is asked below is of the program that runs. Unless it is called: bounced, all. */
void command_program_is(const char *name, const char *const *names);
const char *command_program(void);

struct command {
	const char *name, *arguments, *help;
};
/* NULL: there is none of this name. */
const struct command *command_find(const char *name);
/* In the order of the table; NULL behind the last. */
const struct command *command_at(size_t i);

struct command_option_row {
	const char *command, *name, *meaning, *example; /* command "": of several */
};
const struct command_option_row *command_option_at(size_t i);
/* Takes the next option off a command's arguments, "--since" of "[--since MOMENT]". False when none is left. */
bool command_next_option(struct str *arguments, struct str *ret_name);
/* The row of an option of the command; NULL: there is none. */
const struct command_option_row *command_option_find(const char *command, struct str name);
/* What stands in the row's example behind the name of the program, " parse a.eml". */
const char *command_example(const struct command_option_row *row);
