/* store/database_settings.h -- which database is meant: the one that is configured, or the private cluster.
 * Knows: [database] and the data folder, and whose that is. Does not know connections or SQL. */
#pragma once
#include "core/arena.h"
#include "core/config.h"
#include "store/cluster/cluster.h"

/* True where bounced keeps its own PostgreSQL. */
bool database_is_private(const struct config *config);
/* Options of the private cluster in `arena`; only meaningful where database_is_private holds. */
void database_cluster_options(
	const struct config *config, struct arena *arena, struct cluster_options *ret_options);
/* What no single setting shows: domain.providers, and whether libpq can read database.url. *ret_trouble (in `arena`) names the setting and the cure. */
MUST_CHECK enum err database_settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble);
/* Are PostgreSQL's programs there, for the private cluster? Looks at folders, and asks the programs for their version. */
MUST_CHECK enum err database_programs_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble);
/* The connection string, in `arena`. */
MUST_CHECK enum err database_conninfo(
	const struct config *config, struct arena *arena, const char **ret_conninfo);
