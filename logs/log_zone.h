/* logs/log_zone.h -- local times of logs, by the machine's zone or that of TZ.
 * Knows: the C library's zones. A log_zone_fn (ingest/log/log_time.h) without a context. */
#pragma once
#include "core/err.h"
#include "ingest/log/log_time.h"

/* "Europe/Berlin", "UTC"; empty: the machine's. Sets TZ of this process. ERR_NOT_FOUND: no such zone here. */
MUST_CHECK enum err log_zone_set(struct str name);
log_zone_fn log_zone;
