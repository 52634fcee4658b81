/* api/handle/export_state_priv.h -- is the list that a job writes as it should be? */
#pragma once
#include "core/timestamp.h"
#include "store/store_export.h"

#define EXPORT_LATE_US (10 * TIMESTAMP_MINUTE_US)

enum export_state { EXPORT_WAITING, EXPORT_GOOD, EXPORT_LATE, EXPORT_FAILED };

static inline enum export_state export_state(const struct store_export *job, int64_t now_us)
{
	if (job->failures || job->delivery_failures)
		return EXPORT_FAILED;
	if (job->next_us != TIMESTAMP_NONE && job->next_us < now_us - EXPORT_LATE_US)
		return EXPORT_LATE;
	return job->completed_us == TIMESTAMP_NONE ? EXPORT_WAITING : EXPORT_GOOD;
}
