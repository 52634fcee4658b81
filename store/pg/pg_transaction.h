/* store/pg/pg_transaction.h -- a connection's transactions, and one around those of several verbs.
 * Knows: BEGIN, COMMIT, ROLLBACK, savepoints. Does not know libpq, what a verb does. */
#pragma once
#include "store/pg/pg.h"

/* A query without values, and its number of rows touched. ret_touched may be NULL. */
MUST_CHECK enum err pg_do(struct pg *pg, enum query query, size_t *ret_touched);
/* COMMIT after ERR_OK, else ROLLBACK, which keeps the first error and its text. */
MUST_CHECK enum err pg_end(struct pg *pg, enum err err);
/* Until pg_release what begins and ends on this connection is a savepoint of one transaction, which pg_release ends as pg_end
 * would: verbs that each are a transaction happen together, or not at all. Not for verbs that read a snapshot of their own. */
MUST_CHECK enum err pg_hold(struct pg *pg);
MUST_CHECK enum err pg_release(struct pg *pg, enum err err);
