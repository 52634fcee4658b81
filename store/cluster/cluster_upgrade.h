/* store/cluster/cluster_upgrade.h -- the private cluster brought to a newer version of PostgreSQL.
 * Knows: pg_upgrade, and a dump for where that cannot be; the names of what stands in the data folder. Does not know
 * the database's schema. The new cluster is made in DIR.upgrade; when it is whole and on stable storage the two change
 * places in one step, and the old one stays as DIR.VERSION until it is told to go. */
#pragma once
#include "store/cluster/cluster.h"

enum cluster_way {
	CLUSTER_BY_EITHER, /* pg_upgrade; where that fails, a dump */
	CLUSTER_BY_PG_UPGRADE,
	CLUSTER_BY_DUMP,
	CLUSTER_WAY_COUNT
};
/* "either", "pg_upgrade", "dump". */
struct str cluster_way_name(enum cluster_way way);
bool cluster_way_from_name(struct str name, enum cluster_way *ret_way);

struct cluster_upgrade {
	const char *from_bin_dir, *to_bin_dir; /* programs of either version; NULL: found */
	enum cluster_way way;
};
struct cluster_upgraded {
	unsigned from, to; /* versions; the same: there was nothing to do */
	enum cluster_way way;
	const char *kept; /* the old cluster, in the arena */
	const char *why;  /* pg_upgrade could not; NULL: it was not asked, or could */
};

/* ERR_NOT_FOUND: no folder, or programs that are not there. ERR_CONFLICT: a server runs. ERR_EXISTS: an old cluster of
 * that version is kept already. ERR_RANGE: those programs are older than the folder. On failure the cluster is as it was,
 * and `problem` has a sentence. */
MUST_CHECK enum err cluster_upgrade(struct arena *arena, const struct cluster_options *options,
	const struct cluster_upgrade *upgrade, struct buf *problem,
	struct cluster_upgraded *ret_upgraded);
/* Deletes what upgrades have kept: clusters of older versions than the one in use. *ret_n: how many. */
MUST_CHECK enum err cluster_drop_old(struct arena *arena, const struct cluster_options *options,
	struct buf *problem, unsigned *ret_n);
