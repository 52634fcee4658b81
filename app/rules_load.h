/* app/rules_load.h -- the rules of a command: the built-in ones, and a file laid over them. */
#pragma once
#include "core/report_json.h"
#include "parser/parse.h"

/* `path` may be NULL. NULL on failure; the reason is printed. */
struct parse_rules *rules_load_or_say(const char *path);
/* The value of --taxonomy (NULL: our own names). False, and the known names printed, for another. */
bool taxonomy_option(const char *command, const char *name, struct report_json_options *options);
