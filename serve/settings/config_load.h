/* serve/settings/config_load.h -- settings from a file and the environment.
 * Knows: GKeyFile's INI, BOUNCED_SECTION_KEY. Does not know what a setting means. */
#pragma once
#include "core/arena.h"
#include "core/config.h"
#include "serve/settings/findings.h"

/* Reads `path` (NULL: BOUNCED_CONFIG, else /etc/bounced/bounced.conf if it exists, else nothing), then the
 * environment. Every mistake is a finding, and notes where each setting stands; what was right is set all the same.
 * The first error: ERR_NOT_FOUND, ERR_IO: the file; ERR_SYNTAX, ERR_RANGE: what is in it. */
MUST_CHECK enum err config_load(struct config *config, const char *path, struct findings *findings);
/* What the file names, over what `config` has; without the environment. */
MUST_CHECK enum err config_load_over(
	struct config *config, const char *path, struct findings *findings);
/* From the text of an INI file; `name` stands in messages. *ret_trouble (in `arena`): the first mistake. */
MUST_CHECK enum err config_load_text(struct config *config, struct str text, const char *name,
	struct arena *arena, struct str *ret_trouble);
