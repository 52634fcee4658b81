/* ingest/mailbox/maildir.h -- what becomes of a file of a maildir when its message is stored.
 * Knows: maildir's names, "UNIQUE:2,FLAGS" (flags in ASCII order). Touches one file, by renaming it:
 * nothing is ever deleted, and a file that is in the way is not written over. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

/* Does the path say that the message was seen? That is: in cur, with the flag S. */
bool maildir_is_seen(struct str path);
/* Where the file would be as a seen one: FOLDER/cur/UNIQUE:2,FLAGS with S among the flags; NUL-terminated, in
 * `arena`. Pure. */
struct str maildir_seen_path(struct arena *arena, struct str path);
/* Renames; ERR_EXISTS: `to` is there; ERR_NOT_FOUND: `from` is gone (a mail program moved it); ERR_UNSUPPORTED:
 * another file system. */
MUST_CHECK enum err maildir_rename(const char *from, const char *to);
