/* store/cluster/cluster_dump.h -- the private cluster's database as one file, and a cluster made from it.
 * Knows: pg_dump, pg_restore, and what stands in the data folder meanwhile. Does not know what is in the database.
 * Each appends one sentence to `problem` when it fails, and leaves things as they were. */
#pragma once
#include "store/cluster/cluster_server.h"

/* Of the server that runs, whoever of its users asks: what pg_dump calls the custom format goes to `out_fd`.
 * ERR_IO: pg_dump failed, also where no server runs. Else as cluster_find_programs. */
MUST_CHECK enum err cluster_dump(struct arena *arena, const struct cluster_options *options,
	int out_fd, struct buf *problem);
/* Into a data folder that is not there yet; it is made in DIR.restore, and stands in its place when it is whole and on stable
 * storage. ERR_EXISTS: it is there. ERR_CONFLICT: another process is at it. */
MUST_CHECK enum err cluster_restore(
	struct arena *arena, const struct cluster_options *options, int in_fd, struct buf *problem);

/* A server's database out of a dump, with what the planner has to know. */
MUST_CHECK enum err cluster_fill(const struct cluster_server *server, int in_fd);
/* What the planner has to know. */
MUST_CHECK enum err cluster_analyze(const struct cluster_server *server);
