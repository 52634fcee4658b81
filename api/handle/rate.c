#include "api/handle/rate.h"

#include <assert.h>
#include <math.h>

/* The 97.5th percentile of the normal distribution. */
#define RATE_Z 1.959963984540054

/* E. B. Wilson, "Probable inference, the law of succession, and statistical inference" (1927). */
void rate_wilson(uint64_t failed, uint64_t attempted, double *ret_low, double *ret_high)
{
	double n = (double)attempted, p = (double)failed / n, z2 = RATE_Z * RATE_Z;
	double centre = p + z2 / (2 * n);
	double spread = RATE_Z * sqrt(p * (1 - p) / n + z2 / (4 * n * n));
	double low = (centre - spread) / (1 + z2 / n), high = (centre + spread) / (1 + z2 / n);

	assert(attempted && failed <= attempted);
	/* At the ends rounding may leave the bound beside its exact value. */
	*ret_low = failed == 0 || low < 0 ? 0 : low;
	*ret_high = failed == attempted || high > 1 ? 1 : high;
}

struct rates rates_of(const struct store_counts *counts)
{
	struct rates rates = { 0 };
	double attempted = (double)counts->attempted;

	if (counts->failed) {
		rates.has_coverage = true;
		rates.coverage = (double)counts->failed_covered / (double)counts->failed;
	}
	if (!counts->has_volume || !counts->attempted)
		rates.flags |= RATE_NO_VOLUME;
	else if (counts->failed_covered > counts->attempted)
		rates.flags |= RATE_OVER_ATTEMPTED;
	if (counts->has_volume && counts->failed && !counts->failed_covered)
		rates.flags |= RATE_NOT_COVERED;
	else if (counts->has_volume && counts->failed_covered < counts->failed)
		rates.flags |= RATE_PARTLY_COVERED;
	if (counts->cut)
		rates.flags = RATE_CUT;
	if (rates.flags & ~(unsigned)RATE_PARTLY_COVERED)
		return rates;
	rates.known = true;
	rates.failure = (double)counts->failed_covered / attempted;
	rates.hard = (double)counts->hard_covered / attempted;
	rates.soft = (double)counts->soft_covered / attempted;
	rates.block = (double)counts->block_covered / attempted;
	rate_wilson(counts->failed_covered, counts->attempted, &rates.low, &rates.high);
	return rates;
}
