#include "ingest/log/log_time.h"

#include <string.h>

#define DISORDER_US (30 * TIMESTAMP_MINUTE_US)

enum { SYSLOG_BYTES = 15, CIVIL_BYTES = 19 };

void log_time_init(struct log_time *time, const struct log_clock *clock)
{
	*time = (struct log_time){
		.clock = *clock, .last_us = TIMESTAMP_NONE, .hour_civil_us = TIMESTAMP_NONE
	};
}

static unsigned two_digits(const char *p)
{
	return (unsigned)((p[0] == ' ' ? 0 : p[0] - '0') * 10 + (p[1] - '0'));
}

static bool of_shape(const char *p, const char *shape)
{
	for (; *shape; shape++, p++)
		if (*shape == '0'       ? !ascii_digit(*p)
			: *shape == '_' ? *p != ' ' && !ascii_digit(*p)
					: *p != *shape)
			return false;
	return true;
}

static bool clock_of(const char *p, int64_t *ret_us)
{
	unsigned hour = two_digits(p), minute = two_digits(p + 3), second = two_digits(p + 6);

	*ret_us = (int64_t)hour * TIMESTAMP_HOUR_US + (int64_t)minute * TIMESTAMP_MINUTE_US +
		  (int64_t)second * TIMESTAMP_SECOND_US;
	return hour < 24 && minute < 60 && second <= 60;
}

static bool day_of(int64_t year, unsigned month, unsigned day, int64_t *ret_us)
{
	static const unsigned char days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month < 1 || month > 12 || day < 1 || day > days[month - 1] ||
		(month == 2 && day == 29 && !leap))
		return false;
	*ret_us = timestamp_days(year, month, day) * TIMESTAMP_DAY_US;
	return true;
}

/* The zone is asked once an hour; and again where time seems to have gone back, for the hour may be a repeated one. */
int64_t log_time_local(struct log_time *time, int64_t civil_us)
{
	int64_t hour_us = timestamp_floor(civil_us, TIMESTAMP_HOUR_US), at_us;
	int64_t after_us =
		time->last_us == TIMESTAMP_NONE ? TIMESTAMP_NONE : time->last_us - DISORDER_US;

	if (!time->clock.zone)
		return civil_us;
	at_us = time->hour_us + (civil_us - hour_us);
	if (hour_us != time->hour_civil_us || at_us < after_us) {
		at_us = time->clock.zone(time->clock.zone_context, civil_us, after_us);
		time->hour_civil_us = hour_us;
		time->hour_us = at_us - (civil_us - hour_us);
	}
	return at_us;
}

static unsigned month_of(const char *p)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

	for (unsigned i = 0; i < 12; i++)
		if (!memcmp(names + 3 * i, p, 3))
			return i + 1;
	return 0;
}

/* Eight years hold every date, the leap day too (1896 to 1904 had none for eight; nobody logs from then). */
static bool guess_year(const struct log_time *time, unsigned month, unsigned day, int64_t clock_us,
	int64_t *ret_us)
{
	int64_t latest_us = time->clock.newest_us + TIMESTAMP_DAY_US;
	int64_t year = 1970 + latest_us / TIMESTAMP_DAY_US * 400 / 146097 + 1;

	for (int64_t end = year - 10; year > end; year--)
		if (day_of(year, month, day, ret_us) && *ret_us + clock_us <= latest_us) {
			*ret_us += clock_us;
			return true;
		}
	return false;
}

static bool take_syslog(struct log_time *time, struct str *rest, int64_t *ret_at_us)
{
	int64_t clock_us, civil_us;
	const char *p = rest->p;
	unsigned month;

	if (rest->n < SYSLOG_BYTES || !of_shape(p + 3, " _0 00:00:00") || !(month = month_of(p)) ||
		!clock_of(p + 7, &clock_us) ||
		!guess_year(time, month, two_digits(p + 4), clock_us, &civil_us))
		return false;
	*ret_at_us = log_time_local(time, civil_us);
	*rest = str_skip(*rest, SYSLOG_BYTES);
	return true;
}

static int64_t take_fraction_us(struct str *rest)
{
	int64_t us = 0, unit = 100000;
	size_t n = 1;

	if (rest->n < 2 || (rest->p[0] != '.' && rest->p[0] != ',') || !ascii_digit(rest->p[1]))
		return 0;
	for (; n < rest->n && ascii_digit(rest->p[n]); n++, unit /= 10)
		us += unit * (rest->p[n] - '0');
	*rest = str_skip(*rest, n);
	return us;
}

/* "Z", "+01:00", "+0100", and each with a space before it. */
static bool take_offset(struct str *rest, int64_t *ret_us)
{
	struct str at = *rest;
	size_t colon;

	if (at.n > 1 && at.p[0] == ' ' && (at.p[1] == '+' || at.p[1] == '-'))
		at = str_skip(at, 1);
	if (at.n && (at.p[0] == 'Z' || at.p[0] == 'z')) {
		*ret_us = 0;
		*rest = str_skip(at, 1);
		return true;
	}
	if (at.n < 5 || (at.p[0] != '+' && at.p[0] != '-'))
		return false;
	colon = at.p[3] == ':';
	if (at.n < 5 + colon || !of_shape(at.p + 1, "00") || !of_shape(at.p + 3 + colon, "00"))
		return false;
	*ret_us = (int64_t)(two_digits(at.p + 1) * 60 + two_digits(at.p + 3 + colon)) *
		  TIMESTAMP_MINUTE_US * (at.p[0] == '-' ? -1 : 1);
	*rest = str_skip(at, 5 + colon);
	return true;
}

static bool take_civil(struct log_time *time, struct str *rest, int64_t *ret_at_us)
{
	int64_t day_us, clock_us, offset_us, fraction_us;
	struct str behind;
	const char *p = rest->p;

	if (rest->n < CIVIL_BYTES || !of_shape(p, "0000-00-00") || !of_shape(p + 11, "00:00:00") ||
		(p[10] != 'T' && p[10] != ' ' && p[10] != 't') ||
		!day_of(two_digits(p) * 100 + two_digits(p + 2), two_digits(p + 5),
			two_digits(p + 8), &day_us) ||
		!clock_of(p + 11, &clock_us))
		return false;
	behind = str_skip(*rest, CIVIL_BYTES);
	fraction_us = take_fraction_us(&behind);
	if (take_offset(&behind, &offset_us))
		*ret_at_us = day_us + clock_us - offset_us;
	else
		*ret_at_us = log_time_local(time, day_us + clock_us);
	*ret_at_us += fraction_us;
	*rest = behind;
	return true;
}

/* The whole of what was read before, and the same: a line of the same second. Only of times without a fraction. */
static bool take_kept(const struct log_time *time, struct str *rest, int64_t *ret_at_us)
{
	if (!time->n_kept || rest->n <= time->n_kept ||
		memcmp(rest->p, time->kept, time->n_kept) != 0)
		return false;
	*ret_at_us = time->kept_us;
	*rest = str_skip(*rest, time->n_kept);
	return true;
}

bool log_time_take(struct log_time *time, struct str *rest, int64_t *ret_at_us)
{
	struct str before = *rest;
	bool found;

	if (!take_kept(time, rest, ret_at_us)) {
		if (!rest->n)
			return false;
		found = ascii_digit(rest->p[0]) ? take_civil(time, rest, ret_at_us)
						: take_syslog(time, rest, ret_at_us);
		if (!found)
			return false;
		time->n_kept = before.n - rest->n == SYSLOG_BYTES ? SYSLOG_BYTES : 0;
		memcpy(time->kept, before.p, time->n_kept);
		time->kept_us = *ret_at_us;
	}
	time->last_us = *ret_at_us;
	while (rest->n && rest->p[0] == ' ')
		*rest = str_skip(*rest, 1);
	return true;
}
