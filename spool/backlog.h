/* spool/backlog.h -- how far a lane's reader is behind, for whoever watches: neither writer nor reader.
 * Touches nothing but reads the lane's id and its two pages. What it tells was true a moment ago. */
#pragma once
#include "core/err.h"
#include "spool/counter.h"
#include "spool/meter.h"

#include <stdbool.h>
#include <stdint.h>

struct spool_backlog {
	uint64_t id;      /* of the lane */
	uint64_t durable; /* last sequence on stable storage */
	uint64_t
		committed; /* last sequence that the database holds for good; may be a moment behind */
	uint64_t counters[COUNTER_COUNT]; /* as the writer's process has set them */
	uint64_t waiting; /* sequences between the two; 0 where the lane is behind its database */
	bool stuck; /* its reader says that the database cannot take them, until somebody mends that */
	int64_t oldest_us; /* when the oldest of them was stored, or earlier; 0: nothing waits, or it is not known */
	uint64_t used_bytes,
		free_bytes; /* of its segments; of the file system, for who is not root */
	uint64_t written[METER_WORDS], read[METER_WORDS]; /* as its writer and its reader count */
};

/* ERR_NOT_FOUND: no lane there yet. ERR_CORRUPT: its id is damaged. */
MUST_CHECK enum err spool_backlog(const char *folder, struct spool_backlog *ret_backlog);
