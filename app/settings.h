/* app/settings.h -- what a configuration means as a whole.
 * Knows: which settings need each other, and the folders below the data folder. Pure. */
#pragma once
#include "core/arena.h"
#include "core/config.h"

/* Mistakes that no single setting shows. *ret_trouble (in `arena`) names the setting and the cure. */
MUST_CHECK enum err settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble);

/* True where bounced keeps its own PostgreSQL. */
bool settings_private_cluster(const struct config *config);
/* NUL-terminated paths in `arena`. */
/* Folder of all lanes. */
const char *settings_spool_dir(const struct config *config, struct arena *arena);
const char *settings_spool_lane(const struct config *config, struct arena *arena, const char *lane);
const char *settings_cluster_dir(const struct config *config, struct arena *arena);

/* "host:port" or "[ipv6]:port" in its two parts; false if it is neither. */
bool settings_split_address(struct str address, struct str *ret_host, struct str *ret_port);
