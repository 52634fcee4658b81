/* api/request/metrics.h -- requests counted by route and status.
 * Knows: numbers. Does not know Prometheus' text (handle_metrics.c). Safe to call from every thread. */
#pragma once
#include "api/request/router.h"

#include <stdatomic.h>

enum { METRICS_STATUS_FROM = 200, METRICS_STATUS_TO = 600 };

/* The last route stands for requests that had none. */
struct metrics {
	atomic_ulong requests[ROUTE_COUNT + 1][METRICS_STATUS_TO - METRICS_STATUS_FROM];
};

static inline void metrics_count(struct metrics *metrics, enum route route, unsigned status)
{
	if (metrics && status >= METRICS_STATUS_FROM && status < METRICS_STATUS_TO)
		atomic_fetch_add(&metrics->requests[route][status - METRICS_STATUS_FROM], 1);
}
