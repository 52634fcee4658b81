/* store/cluster/cluster_server.h -- a cluster's server that runs for a while, for programs of PostgreSQL that need one.
 * Knows: starting it, waiting until it takes connections, stopping it. Does not know what the programs do.
 * What the server says lies in DIR.log beside its folder until it is stopped. Texts borrow from `arena`. */
#pragma once
#include "store/cluster/cluster.h"
#include "store/cluster/cluster_run.h"

#include <sys/types.h>

struct cluster_server {
	struct arena *arena;
	struct buf *problem;
	struct str dir;
	const char *bin_dir;
	struct cluster_plan plan; /* its lock is held until the end */
	pid_t pid;
};

/* As cluster_prepare, and then it takes connections. A folder that is not there is made. */
MUST_CHECK enum err cluster_server_start(struct arena *arena, const struct cluster_options *options,
	struct buf *problem, struct cluster_server *ret_server);
/* Runs a program of the server's version to its end: its name, and arguments; "-d CONNINFO" comes behind them. */
MUST_CHECK enum err cluster_server_run(const struct cluster_server *server,
	const struct cluster_place *place, const char *program, const char *const *args, size_t n);
/* Stops it as it should be stopped, and releases its lock. Returns `err`, or ERR_IO where that did not go well. */
enum err cluster_server_stop(struct cluster_server *server, enum err err);

/* A program of PostgreSQL; one that fails is told of in `problem`, with the last that it said. */
MUST_CHECK enum err cluster_program(struct arena *arena, struct buf *problem,
	const struct cluster_place *place, const char *bin_dir, const char *program,
	const char *const *args, size_t n);
/* Removes DIR.lock and DIR.sock of a folder that has another name by now. */
void cluster_server_tidy(struct arena *arena, struct str dir);
