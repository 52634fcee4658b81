/* store/form/pack_walk.h -- some columns of each entry of a packed day, many at a time.
 * Knows: that nearly all numbers of events are below 128, so that an entry is an octet for each, and where a column stands follows
 * from which are not zero; that most others are eight octets at most; the rest is read as pack.h does. Does not know what the columns count. Pure. */
#pragma once
#include "store/form/pack.h"

enum { PACK_FEW = 3 };

struct pack_walk {
	enum pack_column columns[PACK_FEW];
	bool is_of_long; /* attempts, which are seldom below 128 */
	uint8_t n[128];  /* by `set`: how many columns are set */
	uint8_t shift
		[PACK_FEW]
		[128]; /* bits of a load to the column's octet; to one of zeros where it is not set */
};

struct pack_few {
	uint64_t number;
	uint32_t set;             /* as in pack_entry, of all columns */
	uint64_t value[PACK_FEW]; /* of columns[]; 0 where not set */
};

void pack_walk_open(struct pack_walk *walk, const enum pack_column columns[PACK_FEW]);
/* The reader's next entries, at most `max`; fewer at the end, and where it is bad. */
size_t pack_walk_next(
	const struct pack_walk *walk, struct pack_reader *reader, struct pack_few *ret, size_t max);
