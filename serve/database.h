/* serve/database.h -- how a role comes to its connection to the database.
 * Knows: patience. Does not know SQL. */
#pragma once
#include "serve/role.h"
#include "store/store.h"

/* Tries until it is connected; logs each failure's first time. ERR_CLOSED: the role is to stop. */
/* EXIT_CODE_NEVER for a schema of a newer program, which only another program ends. */
int database_exit_code(enum err err);
MUST_CHECK enum err database_open(
	const struct role *role, const char *name, struct store **ret_store);
