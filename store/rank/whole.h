/* store/rank/whole.h -- the first rows of a list of which heads tell nothing: all domains are added up.
 * Knows: packed_day, and that a row of one version never changes, so that its columns can be kept. Reads those that are not. Does not know
 * JSON or what is counted beside the order. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "store/pg/pg.h"
#include "store/rank/kept.h"
#include "store/rank/names.h"
#include "store/rank/page.h"

struct whole {
	const struct rank_order *order;
	enum pack_column sorted;
	struct names *names;
	uint64_t known; /* numbers of domains are below it */
	struct kept *kept;
	struct arena *arena;           /* holds names of places */
	const struct pg_rows *rows;    /* of QUERY_PACKED_ROWS */
	const struct rank_part *parts; /* one a row */
};

/* Has nothing to be read for it, as it stands? */
bool whole_is_kept(const struct whole *whole);
/* Writes at most order->limit places; in the transaction in which rows were read. ERR_CORRUPT: a row is no packed day. */
MUST_CHECK enum err whole_run(
	const struct whole *whole, struct pg *pg, struct rank_place *places, size_t *ret_n);
