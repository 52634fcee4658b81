/* ingest/log/log_time.h -- the time in front of a log line.
 * Knows: RFC 3164's "Nov 29 07:40:24", which has neither year nor zone; RFC 3339; "2026-11-29 07:39:09[.123][ +0100]" (Exim).
 * Does not know the clock or the machine's zone: both are told by whoever has the file. Pure.
 *
 * A year that is missing is the latest one with which the line is not later than `newest_us` and a day.
 * A local time in the hour that a change from summer time repeats is its first moment, unless the line before is
 * more than half an hour later: then it is the second. */
#pragma once
#include "core/str.h"
#include "core/timestamp.h"

/* The moment at which a clock on the wall shows `civil_us` (as if it were UTC); of two the first that is not
 * before after_us, of none the one that the clock was set to. */
typedef int64_t log_zone_fn(void *context, int64_t civil_us, int64_t after_us);

struct log_clock {
	int64_t newest_us; /* no line is of a later time: the file's last change, or now */
	log_zone_fn *zone; /* NULL: UTC */
	void *zone_context;
};

enum { LOG_TIME_KEPT_BYTES = 20 };
struct log_time {
	struct log_clock clock;
	int64_t last_us; /* of the line before; TIMESTAMP_NONE before the first */
	/* What was read last: lines come by the hundred a second, and in one hour's zone. */
	char kept[LOG_TIME_KEPT_BYTES];
	size_t n_kept;
	int64_t kept_us, hour_civil_us, hour_us;
};

void log_time_init(struct log_time *time, const struct log_clock *clock);
/* Takes a time off the front of *rest, with the spaces behind it. False, and *rest unchanged, without one. */
bool log_time_take(struct log_time *time, struct str *rest, int64_t *ret_at_us);
/* The same for a civil time that a format of its own told. */
int64_t log_time_local(struct log_time *time, int64_t civil_us);
