/* cli/command/command_table.h -- the rows of commands.def as words: names, arguments, help. */
#pragma once
#include <stddef.h>

struct command {
	const char *name, *arguments, *help;
};
/* NULL: there is none of this name. */
const struct command *command_find(const char *name);
/* In the order of the table; NULL behind the last. */
const struct command *command_at(size_t i);
