/* api/handle/gaps.h -- intervals of a series that have no row, for who asks for them with fill=true.
 * Knows: when intervals begin, and what a row of nothing is. Does not know what a row looks like. */
#pragma once
#include "api/handle/handle.h"
#include "store/overview.h"

struct gaps {
	const int64_t *starts; /* in the arena of the request; none where nothing is to be filled */
	size_t n, next;
};

MUST_CHECK enum err gaps_open(struct handle *handle, const struct store_window *window,
	enum store_interval interval, struct str timezone, struct gaps *ret_gaps);
/* Hands the rows of nothing before at_us to fn, and passes over at_us itself. */
void gaps_fill(struct gaps *gaps, int64_t at_us, store_series_fn *fn, void *context);
#define GAPS_END INT64_MAX /* at_us behind the last row */
