/* app/database.h -- how a role reaches the database: configured, or the private cluster.
 * Knows: the settings and patience. Does not know SQL. */
#pragma once
#include "app/role.h"
#include "store/cluster.h"
#include "store/store.h"

/* Options of the private cluster in `arena`; only meaningful where settings_private_cluster holds. */
void database_cluster_options(
	const struct config *config, struct arena *arena, struct cluster_options *ret_options);
/* The connection string, in `arena`. */
MUST_CHECK enum err database_conninfo(
	const struct config *config, struct arena *arena, const char **ret_conninfo);
/* Tries until it is connected; logs each failure's first time. ERR_CLOSED: the role is to stop. */
MUST_CHECK enum err database_open(
	const struct role *role, const char *name, struct store **ret_store);

/* For a command: connects once. NULL, and the reason printed, when it cannot. The caller closes it. */
struct store *database_open_or_say(
	const struct config *config, struct arena *arena, const char *name);
