/* store/store_import.h -- many rows onto the suppression list at once.
 * Knows: COPY into a temporary table, and one statement that puts it on the list. Does not know lists of other systems.
 * What stands there is treated as in store_suppressions_put; a row whose last_seen_us is TIMESTAMP_NONE does not say when
 * it came about, so that it does not bring back what a person removed.
 * One import at a time on a store, which does nothing else between begin and end. Memory does not grow with the rows. */
#pragma once
#include "store/store_suppress.h"

struct store_import;

/* Begins a transaction. */
MUST_CHECK enum err store_import_begin(struct store *store, struct store_import **ret_import);
/* ERR_RANGE: a text too long, or a moment that is none; the row is not taken, the import goes on. */
MUST_CHECK enum err store_import_add(
	struct store_import *import, const struct store_suppression *row, int64_t now_us);
/* Puts all rows since the last call on the list, of several of one address and stream the newest. `by` is who did it.
 * *kept grows by those that are on the list now. */
MUST_CHECK enum err store_import_merge(struct store_import *import, struct str by, uint64_t *kept);
/* Makes what was merged stand, and begins anew. */
MUST_CHECK enum err store_import_commit(struct store_import *import);
/* After ERR_OK all that was merged stands; else nothing since the last commit. Frees the import; NULL is fine. */
MUST_CHECK enum err store_import_end(struct store_import *take_import, enum err err);
