/* store/cluster/cluster_priv.h -- what the verbs on a private cluster share. */
#pragma once
#include "store/cluster/cluster.h"

/* The data folder as a full path, in `arena` or as the options have it. */
struct str cluster_path(struct arena *arena, const struct cluster_options *options);
/* DIR with something behind it: DIR.lock. */
struct str cluster_beside(struct arena *arena, struct str dir, const char *suffix);
/* Where the socket of a cluster in `dir` is; made, if it is not there. */
MUST_CHECK enum err cluster_socket_folder(
	struct arena *arena, struct str dir, struct buf *problem, struct str *ret_folder);
/* PATH, HOME, LC_ALL and TZ. */
char *const *cluster_environment(struct arena *arena);
/* Not root, and somebody with a passwd entry. */
MUST_CHECK enum err cluster_check_caller(
	struct arena *arena, const struct cluster_options *options, struct buf *problem);
/* Nobody else starts, makes or moves the cluster while the descriptor is open. */
MUST_CHECK enum err cluster_lock(
	struct arena *arena, struct str dir, struct buf *problem, int *ret_fd);
bool cluster_exists(struct arena *arena, struct str path);
/* Appends a sentence, and returns `err`. */
enum err cluster_fail(struct buf *problem, enum err err, struct str sentence);
