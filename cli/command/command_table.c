#include "cli/command/command_table.h"

#include "core/attr.h"

#include <string.h>

static const struct command commands[] = {
#define COMMAND(name, function, arguments, help) { name, arguments, help },
#include "cli/command/commands.def"
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

const struct command *command_at(size_t i)
{
	return i < ARRAY_LEN(commands) ? &commands[i] : NULL;
}
