#include "suppress/export/schedule.h"

#include <glib.h>
#include <string.h>

enum { SCHEDULE_DAYS = 4 * 366 + 1 }; /* the 29th of February comes within these */

/* "*", "7", "1-5", each with "/2" behind it. */
static bool read_range(struct str text, unsigned lowest, unsigned highest, uint64_t *bits)
{
	struct str from = text, to, step_text = STR_EMPTY;
	uint64_t first = lowest, last = highest, step = 1;
	bool has_step = str_cut(text, '/', &from, &step_text);

	if (has_step && (!str_to_u64(step_text, highest, &step) || !step))
		return false;
	if (!str_eq(from, STR("*"))) {
		bool range = str_cut(from, '-', &from, &to);

		if (!str_to_u64(from, highest, &first) || first < lowest ||
			(range && (!str_to_u64(to, highest, &last) || last < first)))
			return false;
		if (!range && !has_step)
			last = first;
	}
	for (uint64_t i = first; i <= last; i += step)
		*bits |= (uint64_t)1 << i;
	return true;
}

static bool read_field(struct str text, unsigned lowest, unsigned highest, uint64_t *ret_bits)
{
	struct str item, rest = text;
	uint64_t bits = 0;

	while (str_next_word(&rest, ",", &item))
		if (!read_range(item, lowest, highest, &bits))
			return false;
	*ret_bits = bits;
	return bits != 0;
}

bool schedule_from_cron(struct str text, struct schedule *ret_schedule)
{
	static const struct {
		unsigned lowest, highest;
	} ranges[] = { { 0, 59 }, { 0, 23 }, { 1, 31 }, { 1, 12 }, { 0, 7 } };
	struct schedule schedule = { .zone = "UTC" };
	struct str word[ARRAY_LEN(ranges)], rest = text, more;
	uint64_t bits[ARRAY_LEN(ranges)];

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (!str_next_word(&rest, " \t", &word[i]) ||
			!read_field(word[i], ranges[i].lowest, ranges[i].highest, &bits[i]))
			return false;
	if (str_next_word(&rest, " \t", &more))
		return false;
	schedule.minutes = bits[0];
	schedule.hours = (uint32_t)bits[1];
	schedule.days = (uint32_t)bits[2];
	schedule.months = (uint32_t)bits[3];
	schedule.weekdays = (uint32_t)(bits[4] | bits[4] >> 7) & 0x7f; /* 7 is Sunday too */
	schedule.any_day = str_eq(word[2], STR("*"));
	schedule.any_weekday = str_eq(word[4], STR("*"));
	*ret_schedule = schedule;
	return true;
}

enum err schedule_set_zone(struct schedule *schedule, struct str zone)
{
	char name[sizeof schedule->zone];
	GTimeZone *found;

	if (!zone.n || zone.n >= sizeof name || str_find(zone, STR("..")) != STR_NPOS ||
		zone.p[0] == '/')
		return ERR_NOT_FOUND;
	memcpy(name, zone.p, zone.n);
	name[zone.n] = '\0';
	found = g_time_zone_new_identifier(name);
	if (!found)
		return ERR_NOT_FOUND;
	g_time_zone_unref(found);
	memcpy(schedule->zone, name, sizeof name);
	return ERR_OK;
}

static bool day_fits(const struct schedule *schedule, GDate *date)
{
	unsigned weekday = g_date_get_weekday(date) % 7;
	bool day = schedule->days >> g_date_get_day(date) & 1;
	bool week = schedule->weekdays >> weekday & 1;

	if (!(schedule->months >> g_date_get_month(date) & 1))
		return false;
	if (!schedule->any_day && !schedule->any_weekday)
		return day || week;
	return day && week;
}

/* The first minute of the day that fits and lies behind after_us. */
static int64_t next_of_day(
	const struct schedule *schedule, GTimeZone *zone, GDate *date, int64_t after_us)
{
	for (int hour = 0; hour < 24; hour++) {
		for (int minute = 0; schedule->hours >> hour & 1 && minute < 60; minute++) {
			GDateTime *moment;
			int64_t at_us;

			if (!(schedule->minutes >> minute & 1))
				continue;
			moment = g_date_time_new(zone, g_date_get_year(date),
				(int)g_date_get_month(date), g_date_get_day(date), hour, minute, 0);
			at_us = g_date_time_to_unix(moment) * TIMESTAMP_SECOND_US;
			g_date_time_unref(moment);
			if (at_us > after_us)
				return at_us;
		}
	}
	return TIMESTAMP_NONE;
}

static int64_t next_by_fields(const struct schedule *schedule, GTimeZone *zone, int64_t after_us)
{
	GDateTime *utc = g_date_time_new_from_unix_utc(
		timestamp_floor(after_us, TIMESTAMP_SECOND_US) / TIMESTAMP_SECOND_US);
	GDateTime *local = utc ? g_date_time_to_timezone(utc, zone) : NULL;
	int64_t at_us = TIMESTAMP_NONE;
	GDate date;

	if (local) {
		g_date_clear(&date, 1);
		g_date_set_dmy(&date, (GDateDay)g_date_time_get_day_of_month(local),
			(GDateMonth)g_date_time_get_month(local),
			(GDateYear)g_date_time_get_year(local));
		for (int i = 0; i < SCHEDULE_DAYS && at_us == TIMESTAMP_NONE; i++) {
			if (day_fits(schedule, &date))
				at_us = next_of_day(schedule, zone, &date, after_us);
			g_date_add_days(&date, 1);
		}
		g_date_time_unref(local);
	}
	if (utc)
		g_date_time_unref(utc);
	return at_us;
}

int64_t schedule_next(const struct schedule *schedule, int64_t after_us)
{
	GTimeZone *zone;
	int64_t at_us;

	if (schedule->every_us)
		return after_us + schedule->every_us;
	zone = g_time_zone_new_identifier(schedule->zone);
	if (!zone)
		zone = g_time_zone_new_utc();
	at_us = next_by_fields(schedule, zone, after_us);
	g_time_zone_unref(zone);
	return at_us;
}
