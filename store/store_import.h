/* store/store_import.h -- many rows onto the suppression list at once.
 * Knows: which rows go there by COPY alone, and the statement that merges the others. Does not know lists of other systems.
 * What stands there is treated as in store_suppressions_put; a row whose last_seen_us is TIMESTAMP_NONE does not say when
 * it came about, so that it does not bring back what a person removed.
 * One import at a time on a store, which does nothing else between begin and end. Memory does not grow with the rows: two times 80 MiB at most
 * (once without `beside`), and 32 more for a list of hundreds of thousands. */
#pragma once
#include "store/store_suppress.h"

struct store_import;

struct store_import_options {
	/* What is merged goes to the server by a thread, while the next rows come. */
	bool beside;
	/* Nothing stands before the end; else what is merged stands soon after. */
	bool one_transaction;
	struct str by; /* who did it; the caller's until the end */
	/* Called in each transaction that put something there, before its end, with how many: what it keeps in the store is kept with
	 * them. With `beside` another thread calls it. NULL: nobody. */
	enum err (*note)(void *context, uint64_t n);
	void *context;
};

void store_import_begin(struct store *store, const struct store_import_options *options,
	struct store_import **ret_import);
/* ERR_RANGE: a text too long, or a moment that is none; the row is not taken, the import goes on. Other errors: as of a merge, which there
 * is each time when memory is full. */
MUST_CHECK enum err store_import_add(
	struct store_import *import, const struct store_suppression *row, int64_t now_us);
/* Puts all rows since the last call on the list, of several of one address and stream the newest. With `beside` that goes on when it
 * returns, and an error may be that of the call before. */
MUST_CHECK enum err store_import_merge(struct store_import *import);
/* After ERR_OK all that was merged stands; else nothing more than stood already. *ret_kept (may be NULL): how many entries are on the list that
 * were merged. Frees the import; NULL is fine. */
MUST_CHECK enum err store_import_end(
	struct store_import *take_import, enum err err, uint64_t *ret_kept);
