/* store/cluster/cluster_stale.h -- the process id that a cluster's last server left in its folder.
 * Knows: the first line of postmaster.pid (PostgreSQL, "Database File Layout"), /proc. Does not know how a server is started.
 * PostgreSQL does not start where that id is a process of its own user, whatever that is: behind a cut of the power, or in a
 * container that was killed, ids begin anew, and one of our own roles often has it. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* The id, as text in `arena`, where no PostgreSQL that works in `dir` (a full path) has it any more; else, and where no file
 * says one, empty. Only whoever holds the cluster's lock may go by it. */
struct str cluster_stale_pid(struct arena *arena, struct str dir);
