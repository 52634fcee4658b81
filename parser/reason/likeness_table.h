/* parser/reason/likeness_table.h -- the bytes of a table of weights, as likeness_learn writes and likeness reads them.
 * Of the machine that the program is built for: it is part of the program and never travels. */
#pragma once
#include "parser/reason/likeness.h"

#include <assert.h>

#define LIKENESS_MAGIC "LIKE"
enum { LIKENESS_STRIDE = 48 }; /* columns of a row with what fills it up */
static_assert((int)LIKENESS_COLUMNS <= (int)LIKENESS_STRIDE, "a row holds all columns");

struct likeness_head {
	char magic[4];
	uint32_t columns;
	double step; /* what one of a row's whole numbers weighs */
	double bias[LIKENESS_COLUMNS];
};
