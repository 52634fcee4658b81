/* cli/tools/rules_load.h -- the rules of a command: the built-in ones, and a file laid over them. */
#pragma once
#include "core/config.h"
#include "core/report_json.h"
#include "parser/parse.h"

/* A file of rules or of their golden cases, at most LIMIT_RULES_BYTES. False on failure; the reason is printed. */
bool rules_file_read(const char *path, struct arena *arena, struct parse_source *ret_source);
/* `path` may be NULL. NULL on failure; the reason is printed. */
struct parse_rules *rules_load_or_say(const char *path);
/* Can the file of parser.rules_file, if one is set, be read and laid over the built-in rules? Prints why not. A parser
 * that refused it would be started again for ever. */
bool rules_setting_or_say(const struct config *config, struct arena *arena);
/* Opens that file for parsers, while still root, so that it may be the operator's alone; -1: none is set. ERR_OK and *ret_fd, or
 * *ret_trouble (in `arena`). */
MUST_CHECK enum err rules_setting_open(const struct config *config, struct arena *arena, int *ret_fd,
	struct str *ret_trouble);
/* The value of --taxonomy (NULL: our own names). False, and the known names printed, for another. */
bool taxonomy_option(const char *command, const char *name, struct report_json_options *options);
