/* store/cluster_priv.h -- the parts of cluster.c: finding PostgreSQL's programs, and making the data
 * folder. Each appends one sentence to `problem` when it fails. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum { CLUSTER_MIN_MAJOR = 15 };

/* The folder of initdb and postgres that fits the data folder `dir`, which may not be there yet. */
MUST_CHECK enum err cluster_find_programs(struct arena *arena, const char *configured,
	struct str dir, struct buf *problem, const char **ret_bin_dir);

struct cluster_init {
	struct str dir;
	const char *bin_dir;
	char *const *envp;
	struct buf *problem;
};
/* initdb into DIR.new, sync, rename: a crash on the way leaves no half cluster in DIR. */
MUST_CHECK enum err cluster_init(struct arena *arena, const struct cluster_init *init);
/* pg_hba.conf and pg_ident.conf: the service user and root come in through the socket, as bounced. */
MUST_CHECK enum err cluster_write_access(struct arena *arena, struct str dir, struct buf *problem);
/* A copy of n texts as exec wants them: ended by NULL, not const. */
char *const *cluster_vector(struct arena *arena, const char *const *texts, size_t n);

/* Runs a program to its end, its standard output and standard error appended to `output` as far as they
 * fit. ERR_IO: it could not be started, or did not exit with 0. */
MUST_CHECK enum err cluster_run(char *const *argv, char *const *envp, struct buf *output);
