/* parser/reason/likeness_learn.h -- weights from examples: a linear support vector machine for each column.
 * Knows: dual coordinate descent (Hsieh and others, "A Dual Coordinate Descent Method for Large-scale Linear SVM", ICML 2008,
 * with squared hinge loss), how weights become small whole numbers. Does not know where examples come from. Pure: the same
 * examples give the same bytes; no chance, no clock. For the build and for measuring, not for a server. */
#pragma once
#include "core/arena.h"
#include "parser/reason/likeness.h"

#include <assert.h>

enum example_hard { EXAMPLE_NOT_HARD = -1, EXAMPLE_EITHER, EXAMPLE_HARD };
struct likeness_example {
	const uint16_t *rows[FEATURE_KINDS];
	size_t n[FEATURE_KINDS];
	uint64_t reasons; /* a bit for each that is right; more than one where more may be said */
	enum example_hard hard;
};
static_assert(REASON_COUNT <= 64, "a bit for each reason");

/* Rows of what was looked at, in `arena`. */
struct likeness_example likeness_example_of(struct arena *arena, const struct features *features,
	uint64_t reasons, enum example_hard hard);
/* The bytes for likeness_new, in `arena`. */
struct str likeness_learn(struct arena *arena, const struct likeness_example *examples, size_t n);
