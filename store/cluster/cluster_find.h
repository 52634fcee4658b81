/* store/cluster/cluster_find.h -- where PostgreSQL's programs lie. Appends one sentence to `problem` when it fails. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum { CLUSTER_MIN_MAJOR = 15 };

/* The folder of initdb and postgres that fits the data folder `dir`, which may not be there yet. */
MUST_CHECK enum err cluster_find_programs(struct arena *arena, const char *configured,
	struct str dir, struct buf *problem, const char **ret_bin_dir);
/* Those of the newest version that is installed where packages put it. */
MUST_CHECK enum err cluster_find_newest(
	struct arena *arena, struct buf *problem, const char **ret_bin_dir);
/* Of a version there; NULL, or 0: none. */
const char *cluster_find_major(struct arena *arena, unsigned major);
unsigned cluster_newest_major(struct arena *arena);
/* What the programs say of themselves; 0: they are none. */
unsigned cluster_program_major(struct arena *arena, const char *bin_dir);
/* The version of a data folder; 0 where the folder is not there. ERR_CORRUPT: it is none. */
MUST_CHECK enum err cluster_data_major(
	struct arena *arena, struct str dir, struct buf *problem, unsigned *ret_major);
