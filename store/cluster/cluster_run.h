/* store/cluster/cluster_run.h -- runs a program of PostgreSQL to its end. Knows processes; not what the program is for. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"

/* A copy of n texts as exec wants them: ended by NULL, not const. */
char *const *cluster_vector(struct arena *arena, const char *const *texts, size_t n);

/* Runs a program to its end, its standard output and standard error appended to `output` as far as they
 * fit. ERR_IO: it could not be started, or did not exit with 0. */
MUST_CHECK enum err cluster_run(char *const *argv, char *const *envp, struct buf *output);

/* Where a program reads, writes and stands; borrowed. */
struct cluster_place {
	int in_fd, out_fd; /* -1: nothing to read; what it writes goes to `output` */
	const char *dir;   /* NULL: where the caller stands */
};
/* The same; standard error always goes to `output`. */
MUST_CHECK enum err cluster_run_at(const struct cluster_place *place, char *const *argv,
	char *const *envp, struct buf *output);
