#include "suppress/export/job_command.h"

#include <stddef.h>
#include <string.h>

static const struct {
	struct str name;
	size_t offset;
	bool of_file; /* changes from file to file */
} places[] = {
	{ STR_INIT("file"), offsetof(struct job_command_values, file), true },
	{ STR_INIT("change"), offsetof(struct job_command_values, change), true },
	{ STR_INIT("manifest"), offsetof(struct job_command_values, manifest), false },
	{ STR_INIT("name"), offsetof(struct job_command_values, name), false },
	{ STR_INIT("format"), offsetof(struct job_command_values, format), false },
	{ STR_INIT("from"), offsetof(struct job_command_values, from), false },
	{ STR_INIT("to"), offsetof(struct job_command_values, to), false },
};

static const struct str *value_of(const struct job_command_values *values, size_t place)
{
	return (const struct str *)(const void *)((const char *)values + places[place].offset);
}

static bool place_from_name(struct str name, size_t *ret_place)
{
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (!str_eq(name, places[i].name))
			continue;
		*ret_place = i;
		return true;
	}
	return false;
}

/* ---- reading ---- */

/* The next word without its quotes, which may stand anywhere in it. False: a quote is open, or a control stands there. */
static bool next_word(struct arena *arena, struct str *rest, struct str *ret_word)
{
	char *room = arena_alloc(arena, rest->n + 1);
	bool quoted = false;
	size_t n = 0, i = 0;

	for (; i < rest->n && (quoted || (rest->p[i] != ' ' && rest->p[i] != '\t')); i++) {
		if ((unsigned char)rest->p[i] < ' ' || rest->p[i] == 0x7f)
			return false;
		if (rest->p[i] == '\'')
			quoted = !quoted;
		else
			room[n++] = rest->p[i];
	}
	*rest = str_skip(*rest, i);
	*ret_word = str_from(room, n);
	return !quoted;
}

static bool places_known(struct str word, bool *each_file)
{
	struct str before, name;
	size_t place;

	while (str_cut(word, '{', &before, &word)) {
		if (!str_cut(word, '}', &name, &word) || !place_from_name(name, &place))
			return false;
		*each_file |= places[place].of_file;
	}
	return true;
}

bool job_command_read(struct arena *arena, struct str text, struct job_command *ret_command)
{
	struct job_command command = { 0 };

	for (text = str_trim(text); text.n; text = str_trim(text)) {
		struct str *word = &command.words[command.n];

		if (command.n == JOB_COMMAND_WORDS || !next_word(arena, &text, word) ||
			!places_known(*word, &command.each_file))
			return false;
		command.n++;
	}
	if (!command.n || !str_starts(command.words[0], STR("/")) ||
		str_ends(command.words[0], STR("/")) || str_chr(command.words[0], '{') != STR_NPOS)
		return false;
	*ret_command = command;
	return true;
}

/* ---- filling in ---- */

static struct str filled(
	struct arena *arena, struct str word, const struct job_command_values *values)
{
	struct str text = STR_EMPTY, before, name, rest = word;
	size_t place;

	while (str_cut(rest, '{', &before, &rest) && str_cut(rest, '}', &name, &rest)) {
		if (!place_from_name(name, &place))
			break; /* reading refused it */
		text = arena_printf(arena, "%.*s%.*s%.*s", STR_ARG(text), STR_ARG(before),
			STR_ARG(*value_of(values, place)));
	}
	return arena_printf(arena, "%.*s%.*s", STR_ARG(text), STR_ARG(rest));
}

char **job_command_argv(const struct job_command *command, const struct job_command_values *values,
	struct arena *arena)
{
	char **argv = arena_calloc(arena, command->n + 1, sizeof *argv);

	for (size_t i = 0; i < command->n; i++) {
		struct str word = filled(arena, command->words[i], values);

		argv[i] = arena_alloc(arena, word.n + 1);
		memcpy(argv[i], word.p, word.n);
		argv[i][word.n] = '\0';
	}
	return argv;
}
