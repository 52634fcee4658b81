/* serve/folder_lock.h -- one server a data folder and role.
 * Knows: DIR/serve.lock, a cell of 16 octets for each role: locked while a server runs the role, with that server's process
 * id in it. Does not know what a role does. Servers of different roles may share a folder; two of one role would write one
 * lane, or start one database, twice. A lock ends with the process that took it, however it ends. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

/* Takes the cells of all `roles` (1u << enum role_id) for as long as this process lives; children do not inherit them.
 * ERR_EXISTS: somebody else has one; ERR_IO and the like as from open(2). *ret_trouble says it to a person. */
MUST_CHECK enum err folder_lock(
	struct arena *arena, const char *dir, unsigned roles, struct str *ret_trouble);

/* Which roles are served from the folder now, as 1u << enum role_id; 0: none, or nobody who asks may know. */
unsigned folder_lock_held(struct arena *arena, const char *dir);
