/* cli/command/command_table.h -- the rows of commands.def and options.def as words. */
#pragma once
#include "core/str.h"

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
