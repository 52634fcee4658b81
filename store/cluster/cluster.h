/* store/cluster/cluster.h -- the private PostgreSQL cluster of a machine with no database configured.
 * Knows: where PostgreSQL's programs lie, initdb, and the arguments of the server. Does not know:
 * libpq, SQL, the log, who supervises. It starts initdb and waits for it; the server itself is
 * started by the caller, who execs the plan. Runs as the service user, never as root.
 * The cluster listens on a Unix socket alone; peer authentication lets in the service user and root.
 * Ownership: texts of a plan live in the caller's arena; the lock is a descriptor.
 * Data that is there is never initialised over, removed or upgraded. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum cluster_durability {
	CLUSTER_DURABLE, /* fsync and synchronous_commit as PostgreSQL ships them: on */
	CLUSTER_TEST,    /* nothing is synced: for tests alone */
};

struct cluster_options {
	const char *
		dir; /* the data folder; its parent exists. Beside it: DIR.lock, DIR.sock, and DIR.new
	                      * while initdb runs */
	const char *bin_dir; /* folder of initdb and postgres; NULL or "": found by itself */
	const char *user; /* the operating system's name of the service user; NULL: whoever calls */
	enum cluster_durability durability;
	int held_fd; /* DIR.lock, where the caller holds it already; 0: it is taken */
};

struct cluster_plan {
	const char *program; /* full path of postgres, which is argv[0] too */
	char *const *argv;   /* ends with NULL */
	char *const *
		envp; /* ends with NULL: PATH, HOME, LC_ALL, TZ; nothing of ours, no PG* but the id of a
	                    * server that is gone (cluster_stale.h) */
	const char *conninfo; /* as cluster_conninfo has it */
	int lock_fd; /* stays open through exec: the lock lasts as long as the server. The caller closes it
	              * if it does not exec */
};

/* How clients of the cluster in `options->dir` connect: host=FOLDER dbname=postgres user=bounced
 * requirepeer=USER. Touches no file but the working folder and the table of users, so that any role
 * may ask, before the cluster is there and as another user. The folder is DIR.sock; where that has a
 * comma, or makes the socket's path longer than a socket's path may be, a short one below /tmp, named
 * by a hash of DIR.
 * ERR_NOT_FOUND: no such user. ERR_LIMIT: DIR is longer than a path may be. */
MUST_CHECK enum err cluster_conninfo(
	struct arena *arena, const struct cluster_options *options, const char **ret_conninfo);

/* Finds the programs (bin_dir, else those of the data folder's own version, else the newest of
 * /usr/lib/postgresql and /usr/pgsql-*), locks, makes the cluster where there is none (a second or two),
 * makes the socket folder, and says how to start the server. A sentence that names the cure is
 * appended to `problem` on failure.
 * ERR_DENIED: called as root, by a user without a passwd entry, or the folders are not the caller's.
 * ERR_CONFLICT: another process holds the lock. ERR_NOT_FOUND: no PostgreSQL 15 or later here.
 * ERR_UNSUPPORTED: the data folder is of a version whose programs are not here. ERR_CORRUPT: the data
 * folder is there and is no cluster. ERR_IO: initdb failed, or a folder could not be made. */
MUST_CHECK enum err cluster_prepare(struct arena *arena, const struct cluster_options *options,
	struct buf *problem, struct cluster_plan *ret_plan);
