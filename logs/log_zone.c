#define _GNU_SOURCE
#include "logs/log_zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { ZONE_NAME_BYTES = 64 };

static bool is_zone(const char *name)
{
	char path[128];

	if (strstr(name, "..") || name[0] == '/' || name[0] == ':')
		return false;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", name);
	return !strcmp(name, "UTC") || !access(path, R_OK);
}

enum err log_zone_set(struct str name)
{
	char room[ZONE_NAME_BYTES];

	if (!name.n)
		return ERR_OK;
	if (name.n >= sizeof room)
		return ERR_NOT_FOUND;
	memcpy(room, name.p, name.n);
	room[name.n] = 0;
	if (!is_zone(room))
		return ERR_NOT_FOUND;
	setenv("TZ", room, 1);
	tzset();
	return ERR_OK;
}

/* The moment, taken with or without summer time; NONE where the clock then shows another time. */
static int64_t moment(int64_t civil_us, int summer)
{
	int64_t civil_s = timestamp_floor(civil_us, TIMESTAMP_SECOND_US) / TIMESTAMP_SECOND_US;
	time_t as_utc = (time_t)civil_s, at;
	struct tm tm;

	if (!gmtime_r(&as_utc, &tm))
		return TIMESTAMP_NONE;
	tm.tm_isdst = summer;
	at = mktime(&tm);
	if (!localtime_r(&at, &tm) || timegm(&tm) != as_utc)
		return TIMESTAMP_NONE;
	return (int64_t)at * TIMESTAMP_SECOND_US + (civil_us - civil_s * TIMESTAMP_SECOND_US);
}

/* Without such a moment the clock was set forward over it: winter's reading, as if it had not been. */
int64_t log_zone(void *context, int64_t civil_us, int64_t after_us)
{
	int64_t first = moment(civil_us, 1), second = moment(civil_us, 0);
	time_t as_utc = (time_t)(civil_us / TIMESTAMP_SECOND_US);
	struct tm tm;

	(void)context;
	if (first == TIMESTAMP_NONE || (second != TIMESTAMP_NONE && second < first)) {
		int64_t other = first;

		first = second;
		second = other;
	}
	if (first == TIMESTAMP_NONE) {
		if (!gmtime_r(&as_utc, &tm))
			return civil_us;
		tm.tm_isdst = -1;
		return (int64_t)mktime(&tm) * TIMESTAMP_SECOND_US;
	}
	return first >= after_us || second == TIMESTAMP_NONE ? first : second;
}
