/* store/rank/tally.h -- the first rows of a list, of all domains, by columns that are added up.
 * Knows: columns, what an order is made of. Does not know where columns come from, JSON, the database. Pure. */
#pragma once
#include "store/rank/column.h"
#include "store/rank/page.h"

/* What a column is added to. */
enum tally_to {
	TALLY_SORTED,
	TALLY_FAILED,
	TALLY_UNCOVERED,
	TALLY_ATTEMPTED,
	TALLY_UNPROVEN, /* failures that are no part of the list but put their domain on it */
	TALLY_SUMS,
	TALLY_SEEN = TALLY_SUMS, /* COLUMN_ENTRIES, of events and of volumes */
	TALLY_VOLUME,
	TALLY_COUNT
};

struct tally_item {
	enum tally_to to;
	const struct column *column;
};

struct tally_want {
	enum tally_to to;
	unsigned column;
};
/* Which columns of a part the order is made of; how many, at most COLUMNS_AT_ONCE. `sorted` is that of RANK_BY_SUM. */
size_t tally_wants(const struct rank_order *order, enum pack_column sorted,
	const struct rank_part *part, struct tally_want *ret_wants);

/* Of numbers from 1 on, below `known`. Writes at most order->limit places; how many. */
size_t tally_pick(const struct tally_item *items, size_t n, uint64_t known,
	const struct rank_order *order, const struct str *names, struct rank_place *places);
