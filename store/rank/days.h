/* store/rank/days.h -- what the order of a ranking is made of, of every domain, from whole packed days; then all counts of a few.
 * Knows: packed days. Does not know which order it is, names, the database. Pure. */
#pragma once
#include "core/err.h"
#include "store/rank/rank.h"

struct days;

/* Parts have to live as long. */
struct days *days_new(const struct rank_part *parts, size_t n);
/* Takes NULL. */
void days_free(struct days *days);
/* Adds to ranks[number], all of them below n. ERR_CORRUPT: a part is no packed day. Once. */
MUST_CHECK enum err days_add_up(
	struct days *days, enum pack_column sorted, struct rank *ranks, uint64_t n);
/* After that: each entry of the n domains, which come by rising number; where none of them is nothing is read. */
void days_read(
	const struct days *days, const uint64_t *numbers, size_t n, rank_fn *fn, void *context);
