#include "core/timestamp.h"

#include <stdio.h>

/* Days from civil: March-based years, so that the leap day is the last of its year. */
int64_t timestamp_days(int64_t year, unsigned month, unsigned day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * ((int64_t)month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
	       day_of_year - 719468;
}

static void civil_from_days(int64_t days, int64_t *ret_year, unsigned *ret_month, unsigned *ret_day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t doe = z - era * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;

	*ret_day = (unsigned)(doy - (153 * mp + 2) / 5 + 1);
	*ret_month = (unsigned)(mp < 10 ? mp + 3 : mp - 9);
	*ret_year = yoe + era * 400 + (*ret_month <= 2);
}

int64_t timestamp_floor(int64_t at_us, int64_t step_us)
{
	int64_t rest = at_us % step_us;

	return at_us - (rest < 0 ? rest + step_us : rest);
}

/* The lowest digits of a number, and what stands behind them. A list of millions has several moments a row: printf takes a third of
 * the time of writing it. */
static char *put_digits(char *p, unsigned digits, uint64_t number, char behind)
{
	for (unsigned i = digits; i--; number /= 10)
		p[i] = (char)('0' + number % 10);
	p[digits] = behind;
	return p + digits + 1;
}

struct str timestamp_format(int64_t at_us, char room[static TIMESTAMP_TEXT_BYTES])
{
	int64_t min = timestamp_days(1, 1, 1) * TIMESTAMP_DAY_US;
	int64_t max = timestamp_days(10000, 1, 1) * TIMESTAMP_DAY_US - 1;
	int64_t day_start, year;
	uint64_t of_day, fraction;
	unsigned month, day;
	char *p = room;

	at_us = at_us < min ? min : at_us > max ? max : at_us;
	day_start = timestamp_floor(at_us, TIMESTAMP_DAY_US);
	of_day = (uint64_t)(at_us - day_start);
	fraction = of_day % TIMESTAMP_SECOND_US;
	civil_from_days(day_start / TIMESTAMP_DAY_US, &year, &month, &day);
	p = put_digits(p, 4, (uint64_t)year, '-');
	p = put_digits(p, 2, month, '-');
	p = put_digits(p, 2, day, 'T');
	p = put_digits(p, 2, of_day / TIMESTAMP_HOUR_US, ':');
	p = put_digits(p, 2, of_day / TIMESTAMP_MINUTE_US % 60, ':');
	p = put_digits(p, 2, of_day / TIMESTAMP_SECOND_US % 60, fraction ? '.' : 'Z');
	if (fraction)
		p = put_digits(p, 6, fraction, 'Z');
	*p = '\0';
	return str_from(room, (size_t)(p - room));
}

/* Takes `digits` digits off the front of *rest. */
static bool take_number(struct str *rest, size_t digits, unsigned max, unsigned *ret_value)
{
	uint64_t value;

	if (rest->n < digits || !str_to_u64(str_head(*rest, digits), max, &value))
		return false;
	*rest = str_skip(*rest, digits);
	*ret_value = (unsigned)value;
	return true;
}

static bool take_char(struct str *rest, const char *set)
{
	if (str_span(str_head(*rest, 1), set) != 1)
		return false;
	*rest = str_skip(*rest, 1);
	return true;
}

static int64_t take_fraction_us(struct str *rest)
{
	int64_t us = 0, unit = 100000;

	while (rest->n && ascii_digit(rest->p[0])) {
		us += unit * (rest->p[0] - '0');
		unit /= 10;
		*rest = str_skip(*rest, 1);
	}
	return us;
}

static bool take_offset_us(struct str *rest, int64_t *ret_offset_us)
{
	bool behind = rest->n && rest->p[0] == '-';
	unsigned hours, minutes;

	*ret_offset_us = 0;
	if (take_char(rest, "Zz"))
		return true;
	if (!take_char(rest, "+-") || !take_number(rest, 2, 23, &hours) || !take_char(rest, ":") ||
		!take_number(rest, 2, 59, &minutes))
		return false;
	*ret_offset_us = (int64_t)(hours * 60 + minutes) * TIMESTAMP_MINUTE_US;
	if (behind)
		*ret_offset_us = -*ret_offset_us;
	return true;
}

static unsigned days_in_month(unsigned year, unsigned month)
{
	static const unsigned char days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return month == 2 && leap ? 29 : days[month - 1];
}

bool timestamp_parse(struct str text, int64_t *ret_at_us)
{
	unsigned year, month, day, hour, minute, second;
	int64_t at_us, offset_us, fraction_us = 0;

	if (!take_number(&text, 4, 9999, &year) || !take_char(&text, "-") ||
		!take_number(&text, 2, 12, &month) || !take_char(&text, "-") ||
		!take_number(&text, 2, 31, &day) || !year || !month || !day ||
		day > days_in_month(year, month))
		return false;
	at_us = timestamp_days(year, month, day) * TIMESTAMP_DAY_US;
	if (text.n) {
		if (!take_char(&text, "Tt ") || !take_number(&text, 2, 23, &hour) ||
			!take_char(&text, ":") || !take_number(&text, 2, 59, &minute) ||
			!take_char(&text, ":") || !take_number(&text, 2, 60, &second))
			return false;
		if (take_char(&text, ".")) {
			if (!text.n || !ascii_digit(text.p[0]))
				return false;
			fraction_us = take_fraction_us(&text);
		}
		if (!take_offset_us(&text, &offset_us) || text.n)
			return false;
		at_us += (int64_t)hour * TIMESTAMP_HOUR_US + (int64_t)minute * TIMESTAMP_MINUTE_US +
			 (int64_t)second * TIMESTAMP_SECOND_US + fraction_us - offset_us;
	}
	*ret_at_us = at_us;
	return true;
}
