/* api/request/metrics.h -- requests counted by route and status, and how long they took.
 * Knows: numbers. Does not know Prometheus' text (handle_metrics.c). Safe to call from every thread. */
#pragma once
#include "api/request/router.h"
#include "core/suppression.h"
#include "spool/meter.h"

#include <stdatomic.h>

enum { METRICS_STATUS_FROM = 200, METRICS_STATUS_TO = 600 };

/* The last route stands for requests that had none. */
struct metrics {
	atomic_ulong requests[ROUTE_COUNT + 1][METRICS_STATUS_TO - METRICS_STATUS_FROM];
	atomic_ulong times[ROUTE_COUNT + 1][METER_BOUNDS + 1], sum_us[ROUTE_COUNT + 1];
	atomic_ulong refused;    /* by libmicrohttpd, before there was a request */
	atomic_uint connections; /* to the database, that are open now */
	/* Entries of the suppression list, counted by who first asks in a minute; 0: not yet. */
	_Atomic int64_t suppressions_at_us;
	atomic_ulong suppressions[SUPPRESSION_STATE_COUNT];
};

static inline void metrics_count(struct metrics *metrics, enum route route, unsigned status)
{
	if (metrics && status >= METRICS_STATUS_FROM && status < METRICS_STATUS_TO)
		atomic_fetch_add(&metrics->requests[route][status - METRICS_STATUS_FROM], 1);
}

/* From the end of the header to the answer, its body not yet sent. */
static inline void metrics_time(struct metrics *metrics, enum route route, int64_t us)
{
	size_t row = 0;

	if (!metrics)
		return;
	while (row < METER_BOUNDS && us > meter_bounds_us()[row])
		row++;
	atomic_fetch_add(&metrics->times[route][row], 1);
	atomic_fetch_add(&metrics->sum_us[route], us > 0 ? (unsigned long)us : 0);
}
