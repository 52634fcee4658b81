/* suppress/policy/guard.h -- when a provider says "unknown user" so much more often than it did that it is not to be believed.
 * Knows: counts of such answers in a quarter of an hour, at one provider and at all others, and the same of the weeks
 * before. A list full of dead addresses raises all providers alike; an outage raises one. Does not know mails, or what is
 * done about it. Pure. */
#pragma once
#include <stdint.h>

enum { GUARD_WEEKS_DAYS = 28, GUARD_LEARN_DAYS = 7, GUARD_QUARTERS = 96 };

struct guard_past {
	uint64_t own, others; /* in the last GUARD_WEEKS_DAYS, or since there are any */
	unsigned days;        /* that have any of them */
};

/* How many such answers of a quarter are believed, where the others had `others_now`. Until there are GUARD_LEARN_DAYS of
 * the past all are: UINT64_MAX. */
uint64_t guard_limit(const struct guard_past *past, uint64_t others_now);
