#include "store/form/clock_guard.h"

/* Without differences that overflow: a moment that a clock may say is far from both ends. */
static bool is_far(int64_t later_us, int64_t earlier_us)
{
	return earlier_us < INT64_MAX - CLOCK_TRUST_US && later_us > earlier_us + CLOCK_TRUST_US;
}

bool clock_guard(const struct clock_seen *seen, int64_t *ret_us)
{
	int64_t known_us = seen->last_us == TIMESTAMP_NONE ? seen->newest_us : seen->last_us;

	/* Where nothing was stored there is nothing to lose. */
	if (seen->newest_us == TIMESTAMP_NONE) {
		*ret_us = seen->now_us;
		return true;
	}
	if (is_far(seen->now_us, known_us))
		return false;
	*ret_us = is_far(seen->now_us, seen->newest_us) ? seen->newest_us + CLOCK_TRUST_US
							: seen->now_us;
	return true;
}
