/* spool/folder.h -- a folder that is there after a power cut, too.
 * Knows: a new name is on stable storage when the folder that holds it was synced. Touches that folder alone. */
#pragma once
#include "core/err.h"

#include <sys/types.h>

/* Makes it where it is missing, and syncs the folder around it in any case: whoever made it may not have come to that.
 * A folder around it that may not be read is one that somebody else has set up. */
MUST_CHECK enum err folder_make(const char *path, mode_t mode);
