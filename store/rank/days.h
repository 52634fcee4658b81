/* store/rank/days.h -- all counts of some domains, from whole packed days.
 * Knows: packed days. Does not know which order it is, names, the database. Pure. */
#pragma once
#include "core/err.h"
#include "store/rank/rank.h"

/* Each entry of the n domains, which come by rising number, in each of the parts. ERR_CORRUPT: one is no packed day. */
MUST_CHECK enum err days_read(const struct rank_part *parts, size_t n_parts,
	const uint64_t *numbers, size_t n, rank_fn *fn, void *context);
