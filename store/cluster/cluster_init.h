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
/* pg_hba.conf and pg_ident.conf: the service user and root come in through the socket, as bounced. */
MUST_CHECK enum err cluster_write_access(struct arena *arena, struct str dir, struct buf *problem);
