#include "cli/command/command_table.h"

#include "core/attr.h"

#include <assert.h>
#include <string.h>

static const struct command commands[] = {
#define COMMAND(name, function, arguments, help) { name, arguments, help },
#include "cli/command/commands.def"
};

/* Written by main(), before anything else runs. */
static const char *program = "bounced";
static const char *const *program_has; /* NULL: every command */

void command_program_is(const char *name, const char *const *names)
{
	program = name;
	program_has = names;
}

const char *command_program(void)
{
	return program;
}

static bool has(const char *name)
{
	if (!program_has)
		return true;
	for (size_t i = 0; program_has[i]; i++)
		if (!strcmp(program_has[i], name))
			return true;
	return false;
}

const struct command *command_find(const char *name)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)); i++)
		if (!strcmp(command->name, name))
			return command;
	return NULL;
}

const struct command *command_at(size_t i)
{
	for (size_t row = 0; row < ARRAY_LEN(commands); row++)
		if (has(commands[row].name) && !i--)
			return &commands[row];
	return NULL;
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

const char *command_example(const struct command_option_row *row)
{
	static const char name[] = "bounced";

	assert(!strncmp(row->example, name, sizeof name - 1)); /* a test reads every row */
	return row->example + sizeof name - 1;
}
