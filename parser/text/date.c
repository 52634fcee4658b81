#include "parser/text/date.h"

enum { DATE_BYTES = 80 }; /* a date is at the front, whatever stands behind it */

static const struct str months[] = { STR_INIT("jan"), STR_INIT("feb"), STR_INIT("mar"),
	STR_INIT("apr"), STR_INIT("may"), STR_INIT("jun"), STR_INIT("jul"), STR_INIT("aug"),
	STR_INIT("sep"), STR_INIT("oct"), STR_INIT("nov"), STR_INIT("dec") };
static const struct {
	struct str name;
	int hours;
} zones[] = {
	{ STR_INIT("EST"), -5 },
	{ STR_INIT("EDT"), -4 },
	{ STR_INIT("CST"), -6 },
	{ STR_INIT("CDT"), -5 },
	{ STR_INIT("MST"), -7 },
	{ STR_INIT("MDT"), -6 },
	{ STR_INIT("PST"), -8 },
	{ STR_INIT("PDT"), -7 },
	{ STR_INIT("JST"), 9 },
	{ STR_INIT("CET"), 1 },
	{ STR_INIT("CEST"), 2 },
	{ STR_INIT("MET"), 1 },
	{ STR_INIT("BST"), 1 },
	{ STR_INIT("MSK"), 3 },
};

struct date {
	unsigned year, month, day, hour, minute, second;
	int offset_minutes;
	bool have_time;
};

static bool take_clock(struct str word, struct date *date)
{
	struct str hour, minute, second = STR_EMPTY;
	uint64_t h, m, s = 0;

	if (!str_cut(word, ':', &hour, &minute))
		return false;
	if (str_cut(minute, ':', &minute, &second))
		second = str_head(second, str_span(second, "0123456789"));
	if (!str_to_u64(hour, 23, &h) || !str_to_u64(minute, 59, &m) ||
		(second.n && !str_to_u64(second, 60, &s)))
		return false;
	date->hour = (unsigned)h;
	date->minute = (unsigned)m;
	date->second = (unsigned)s;
	date->have_time = true;
	return true;
}

static bool take_zone(struct str word, struct date *date)
{
	uint64_t value;

	if (word.n == 5 && (word.p[0] == '+' || word.p[0] == '-') &&
		str_to_u64(str_skip(word, 1), 2359, &value)) {
		date->offset_minutes = (int)(value / 100 * 60 + value % 100);
		if (word.p[0] == '-')
			date->offset_minutes = -date->offset_minutes;
		return true;
	}
	for (size_t i = 0; i < ARRAY_LEN(zones); i++)
		if (str_ieq(word, zones[i].name)) {
			date->offset_minutes = zones[i].hours * 60;
			return true;
		}
	return false;
}

static bool take_month(struct str word, struct date *date)
{
	for (unsigned i = 0; word.n >= 3 && i < 12; i++)
		if (str_ieq(str_head(word, 3), months[i])) {
			date->month = i + 1;
			return true;
		}
	return false;
}

/* A day or a year: the first number of at most two digits is the day. */
static bool take_number(struct str word, struct date *date)
{
	uint64_t value;

	if (!str_to_u64(word, 9999, &value))
		return false;
	if (!date->day && word.n <= 2) {
		date->day = (unsigned)value;
		return value != 0;
	}
	if (date->year)
		return false;
	if (word.n <= 3) /* RFC 5322 4.3 */
		value += word.n == 2 && value < 50 ? 2000 : 1900;
	date->year = (unsigned)value;
	return true;
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

static bool date_finish(const struct date *date, int64_t *ret_at_us)
{
	if (!date->day || !date->month || date->year < 1970 || date->year > 2100 ||
		date->day > month_days(date->year, date->month))
		return false;
	*ret_at_us = timestamp_days(date->year, date->month, date->day) * TIMESTAMP_DAY_US +
		     date->hour * TIMESTAMP_HOUR_US +
		     ((int64_t)date->minute - date->offset_minutes) * TIMESTAMP_MINUTE_US +
		     date->second * TIMESTAMP_SECOND_US;
	return true;
}

static void take_word(struct str word, struct date *date)
{
	struct str part;

	if (date->have_time && take_zone(word, date))
		return;
	if (take_clock(word, date))
		return;
	while (str_next_word(&word, "-", &part)) /* "1-Jan-2026" */
		if (!take_month(part, date) && !take_number(part, date))
			return;
}

bool date_parse(struct str text, int64_t *ret_at_us)
{
	struct str rest = str_head(str_trim(text), DATE_BYTES), word;
	struct date date = { 0 };
	int64_t at_us;

	if (rest.n > 10 && rest.p[4] == '-' && timestamp_parse(rest, &at_us)) {
		if (at_us < 0 || at_us >= timestamp_days(2101, 1, 1) * TIMESTAMP_DAY_US)
			return false;
		*ret_at_us = at_us;
		return true;
	}
	while (str_next_word(&rest, " \t,()", &word))
		take_word(word, &date);
	return date_finish(&date, ret_at_us);
}
