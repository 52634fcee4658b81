#include "suppress/policy/guard.h"

#include <math.h>

/* So many may come out of nowhere: a small list, a small provider. */
static const double guard_floor = 30;
/* Between campaigns the mix of providers differs: twice as many as the others let expect are nothing yet. */
static const double guard_factor = 2.5, guard_deviations = 4;

uint64_t guard_limit(const struct guard_past *past, uint64_t others_now)
{
	double expected, steady;

	if (past->days < GUARD_LEARN_DAYS)
		return UINT64_MAX;
	/* By what the others had; in a quarter where they had little, by what the provider has on the average. */
	expected = (double)others_now * (double)past->own / ((double)past->others + 1);
	steady = (double)past->own / past->days / GUARD_QUARTERS;
	if (steady > expected)
		expected = steady;
	return (uint64_t)(guard_floor + guard_factor * expected +
			  guard_deviations * sqrt(expected));
}
