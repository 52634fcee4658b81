/* cli/tools/mail_paths.h -- the files that the operands of a command name: a folder stands for the mails below it.
 * Knows: folders, maildirs (which stay whole: mailbox.h reads them), hidden files (which are none). Does not know what is in a
 * file. Ownership: a list owns its paths. */
#pragma once
#include "core/attr.h"

#include <stdbool.h>
#include <stddef.h>

struct mail_paths {
	char **items;
	size_t n, cap;
};
void mail_paths_release(struct mail_paths *paths);
/* Appends `path`, or the files below it, in the order of their names, folders among them. What cannot be read is said on
 * standard error, the rest goes on; false then. */
bool mail_paths_add(struct mail_paths *paths, const char *path);
