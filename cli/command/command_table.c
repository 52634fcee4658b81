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

/* ---- options ---- */

static const struct command_option_row options[] = {
#define OPTION(command, name, meaning, example) { command, name, meaning, example },
#include "cli/command/options.def"
};

const struct command_option_row *command_option_at(size_t i)
{
	return i < ARRAY_LEN(options) ? &options[i] : NULL;
}

bool command_next_option(struct str *arguments, struct str *ret_name)
{
	size_t at = str_find(*arguments, STR("--"));
	struct str rest;

	if (at == STR_NPOS)
		return false;
	rest = str_skip(*arguments, at);
	*ret_name = str_head(rest, str_span(rest, "abcdefghijklmnopqrstuvwxyz-"));
	*arguments = str_skip(rest, ret_name->n);
	return true;
}

const struct command_option_row *command_option_find(const char *command, struct str name)
{
	const struct command_option_row *shared = NULL;

	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (!str_eq(str_c(options[i].name), name))
			continue;
		if (!strcmp(options[i].command, command))
			return &options[i];
		if (!*options[i].command)
			shared = &options[i];
	}
	return shared;
}
