/* parser/reason/likeness_table.h -- the bytes of a table of weights, as likeness_learn writes and likeness reads them.
 * Of the machine that the program is built for: it is part of the program and never travels. */
#pragma once
#include "core/reason.h"

#include <assert.h>
#include <stdint.h>

/* One for each reason, and one for whether the address may be suppressed. */
enum { LIKENESS_COLUMNS = REASON_COUNT + 1, LIKENESS_HARD = REASON_COUNT };

#define LIKENESS_MAGIC "LIKE"
/* Columns of a row with what fills it up: the whole of a line of the cache, so that a look at a row waits for one. */
enum { LIKENESS_STRIDE = 64 };
static_assert((int)LIKENESS_COLUMNS <= (int)LIKENESS_STRIDE, "a row holds all columns");

struct likeness_head {
	_Alignas(LIKENESS_STRIDE) char magic[4];
	uint32_t columns;
	double step; /* what one of a row's whole numbers weighs */
	double bias[LIKENESS_COLUMNS];
};
