/* core/timestamp.h -- a moment as microseconds since 1970-01-01 UTC, and its RFC 3339 text.
 * Knows: the proleptic Gregorian calendar. Does not know: the clock, time zones by name. Pure. */
#pragma once
#include "core/attr.h"
#include "core/str.h"

#include <stdint.h>

#define TIMESTAMP_NONE INT64_MIN /* not known */

enum { TIMESTAMP_TEXT_BYTES = 32 };

/* "2026-11-23T10:00:00Z", with six decimals only where the moment has them; years 0001 to 9999,
 * others clamp. Returns the text written to `room`. */
struct str timestamp_format(int64_t at_us, char room[static TIMESTAMP_TEXT_BYTES]);
/* RFC 3339 date-time ("2026-11-23T10:00:00Z", any offset, up to nine decimals), or a bare date, which
 * is its midnight in UTC. */
bool timestamp_parse(struct str text, int64_t *ret_at_us);
/* Days since 1970-01-01 of a calendar date; month 1 to 12. */
int64_t timestamp_days(int64_t year, unsigned month, unsigned day);
/* Rounds down to a multiple of step_us since 1970 (towards the past, before 1970 too). */
int64_t timestamp_floor(int64_t at_us, int64_t step_us);

#define TIMESTAMP_SECOND_US ((int64_t)1000000)
#define TIMESTAMP_MINUTE_US (60 * TIMESTAMP_SECOND_US)
#define TIMESTAMP_HOUR_US   (60 * TIMESTAMP_MINUTE_US)
#define TIMESTAMP_DAY_US    (24 * TIMESTAMP_HOUR_US)
