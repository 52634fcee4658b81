/* store/ranking.h -- rankings of all domains from packed days, and what keeps those and the totals small.
 * Knows: packed_day, domain_number, total_*. Does not know the clock or JSON.
 * A ranking of a month would read millions of rows; packed, it reads a megabyte a day or a span of eight, adds up in an
 * array, and picks the rows of a page. Names are kept in memory between questions, by any number of threads. */
#pragma once
#include "store/store.h"

struct store_names;
struct store_names *store_names_new(void);
/* Takes NULL. */
void store_names_free(struct store_names *names);
/* Reads those that are not known yet, so that no question has to. */
MUST_CHECK enum err store_names_learn(struct store *store, struct store_names *names);

/* Packs days that changed, the newest first, at most `max`, and a span of eight whose days wait no more; each in a
 * transaction of its own. ERR_CONFLICT: somebody else does. */
MUST_CHECK enum err store_pack(struct store *store, size_t max, size_t *ret_days);
/* Puts the rows of totals together that batches added. */
MUST_CHECK enum err store_join_totals(struct store *store);
