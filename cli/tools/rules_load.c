#define _GNU_SOURCE
#include "cli/tools/rules_load.h"

#include "cli/command/command_line.h"
#include "core/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool rules_file_read(const char *path, struct arena *arena, struct parse_source *ret_source)
{
	FILE *file = fopen(path, "rbe");
	char *text = arena_alloc(arena, LIMIT_RULES_BYTES);
	size_t n = file ? fread(text, 1, LIMIT_RULES_BYTES, file) : 0;
	bool ok = file && !ferror(file) && n < LIMIT_RULES_BYTES;

	if (!ok)
		command_failed(
			"%s: %s", path, file && !ferror(file) ? "too large" : strerror(errno));
	if (file)
		fclose(file);
	*ret_source = (struct parse_source){ .name = str_c(path), .text = str_from(text, n) };
	return ok;
}

struct parse_rules *rules_load_or_say(const char *path)
{
	struct arena *arena = arena_new();
	const struct parse_source *builtin;
	size_t n_builtin = parse_builtin_sources(&builtin), n = 0;
	struct parse_source *sources = arena_calloc(arena, n_builtin + 1, sizeof *sources);
	struct parse_rules *rules = NULL;
	struct str trouble = STR_EMPTY;
	bool ok = true;

	if (path)
		ok = rules_file_read(path, arena, &sources[n++]);
	for (size_t i = 0; i < n_builtin; i++)
		sources[n++] = builtin[i];
	if (ok && parse_rules_load(arena, sources, n, &rules, &trouble))
		command_failed("%.*s", STR_ARG(trouble));
	arena_free(arena);
	return rules;
}

bool rules_setting_or_say(const struct config *config, struct arena *arena)
{
	const char *path = arena_c(arena, config_str(config, CONFIG_PARSER_RULES_FILE));
	struct parse_rules *rules = *path ? rules_load_or_say(path) : NULL;
	bool right = !*path || rules;

	parse_rules_free(rules);
	return right;
}

enum err rules_setting_open(
	const struct config *config, struct arena *arena, int *ret_fd, struct str *ret_trouble)
{
	const char *path = arena_c(arena, config_str(config, CONFIG_PARSER_RULES_FILE));

	*ret_fd = -1;
	if (!*path)
		return ERR_OK;
	*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
	if (*ret_fd >= 0)
		return ERR_OK;
	*ret_trouble = arena_printf(arena, "parser.rules_file: %s: %s", path, strerror(errno));
	return err_from_errno(errno);
}

bool taxonomy_option(const char *command, const char *name, struct report_json_options *options)
{
	enum taxonomy taxonomy;

	options->taxonomy = REPORT_JSON_OUR_NAMES;
	if (!name)
		return true;
	if (taxonomy_from_name(str_c(name), &taxonomy)) {
		options->taxonomy = (int)taxonomy;
		return true;
	}
	command_misused(command, "there is no taxonomy \"%s\"; there are:", name);
	for (size_t i = 0; i < TAXONOMY_COUNT; i++)
		fprintf(stderr, "  %.*s\n", STR_ARG(taxonomy_name((enum taxonomy)i)));
	return false;
}
