/* store/cluster/cluster_init.h -- the data folder of a private cluster, made and let into. Each appends one sentence to
 * `problem` when it fails. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

struct cluster_init {
	struct str dir;
	const char *bin_dir;
	char *const *envp;
	struct buf *problem;
};
/* initdb into DIR.new, sync, rename: a crash on the way leaves no half cluster in DIR. */
MUST_CHECK enum err cluster_init(struct arena *arena, const struct cluster_init *init);
/* The folder of an attempt that was not finished goes; none is well. */
MUST_CHECK enum err cluster_remove(const char *path, struct buf *problem);
/* On stable storage, and then under its name. */
MUST_CHECK enum err cluster_put_in_place(
	struct arena *arena, const char *path, struct str dir, struct buf *problem);
bool cluster_sync_names(struct arena *arena, struct str dir);
/* pg_hba.conf and pg_ident.conf: the service user and root come in through the socket, as bounced. */
MUST_CHECK enum err cluster_write_access(struct arena *arena, struct str dir, struct buf *problem);
