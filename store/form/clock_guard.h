/* store/form/clock_guard.h -- is it really that late? What is deleted for its age is gone for good, and a clock may be wrong.
 * Knows: three moments: what the clock says, what it said when something was last deleted by it, and the newest row's arrival.
 * Does not know where they come from. Pure. Moments in microseconds since 1970, TIMESTAMP_NONE where there is none. */
#pragma once
#include "core/timestamp.h"

/* A clock that went on by more than this, without anybody who watched it, is not believed. */
#define CLOCK_TRUST_US (14 * TIMESTAMP_DAY_US)

struct clock_seen {
	int64_t now_us;    /* the clock */
	int64_t last_us;   /* the clock when it was last believed */
	int64_t newest_us; /* the newest row */
};

/* False: nothing may be deleted until a person has looked. Else *ret_us is the moment to go by: the clock, and never more than
 * CLOCK_TRUST_US behind the newest row, so that a history that nothing was added to is kept. */
bool clock_guard(const struct clock_seen *seen, int64_t *ret_us);
