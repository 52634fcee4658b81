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
