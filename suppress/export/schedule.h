/* suppress/export/schedule.h -- when something is done next: every so often, or by the five fields of cron(5) in a zone.
 * Knows: numbers, lists, ranges and steps of the fields; GLib's zones. Does not know the clock. Pure but for the zones,
 * which are files. A day fits, as with cron, where either of the two fields of days fits that is not a star.
 * Where clocks go forward, what falls into the hour that is not there is done when it would have begun; an hour that comes
 * twice counts once. */
#pragma once
#include "core/err.h"
#include "core/str.h"
#include "core/timestamp.h"

struct schedule {
	int64_t every_us; /* 0: by the fields */
	uint64_t minutes; /* a bit each */
	uint32_t hours, days, months, weekdays;
	bool any_day, any_weekday;
	char zone[64]; /* "UTC", "Europe/Berlin" */
};

/* "30 4 * * 1-5". False: it is none; ret_schedule's zone is UTC then and ever. */
bool schedule_from_cron(struct str text, struct schedule *ret_schedule);
/* ERR_NOT_FOUND: no such zone here. */
MUST_CHECK enum err schedule_set_zone(struct schedule *schedule, struct str zone);
/* The first moment after after_us; TIMESTAMP_NONE: never, such as on the 31st of February. */
int64_t schedule_next(const struct schedule *schedule, int64_t after_us);
