/* serve/sandbox/privilege.h -- from root to a user that owns nothing but its data.
 * Knows: user names and ids. Does not know roles. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

/* As root: becomes `wanted`, else `bounced`, else the user behind sudo, else `postgres`, after making
 * `data_dir` (mode 0700, theirs) if it is missing. As anybody else: makes `data_dir` if it is missing.
 * In the end `data_dir` can be written. *ret_trouble (in `arena`) names what is wrong and the cure.
 * ERR_DENIED, ERR_NOT_FOUND or ERR_IO. */
MUST_CHECK enum err privilege_drop(
	struct arena *arena, const char *wanted, const char *data_dir, struct str *ret_trouble);

/* The same without doing it: is there a user to become, could that user write to the folder, or could the folder be made? By
 * owners and modes where root asks, which is as much as can be told without becoming somebody. */
MUST_CHECK enum err privilege_check_user(
	struct arena *arena, const char *wanted, struct str *ret_trouble);
enum folder_maker { FOLDER_IS_THERE, FOLDER_BY_STARTER, FOLDER_BY_USER /* in one that is there */ };
MUST_CHECK enum err privilege_check_folder(struct arena *arena, const char *wanted,
	const char *folder, enum folder_maker maker, struct str *ret_trouble);
/* Could that user read the file, or list the folder? Asked in a process that becomes the user: groups and folders above count.
 * ERR_NOT_FOUND: it is not there. ERR_DENIED: not readable. */
MUST_CHECK enum err privilege_check_readable(
	struct arena *arena, const char *wanted, const char *path, struct str *ret_trouble);
