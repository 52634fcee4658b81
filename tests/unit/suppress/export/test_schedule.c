// links: suppress/export suppress/list store
// Check program of schedules: the fields of cron, zones, and the days on which clocks change.
#include "suppress/export/schedule.h"
#include "tests/support/suite.h"

#include <check.h>

static int64_t at(const char *text)
{
	int64_t at_us;

	ck_assert_msg(timestamp_parse(str_c(text), &at_us), "%s", text);
	return at_us;
}

static const struct {
	const char *cron, *zone, *after, *next;
} cases[] = {
	{ "* * * * *", "UTC", "2026-11-18T11:06:40Z", "2026-11-18T11:07:00Z" },
	{ "0 * * * *", "UTC", "2026-11-18T11:00:00Z", "2026-11-18T12:00:00Z" },
	{ "30 4 * * *", "UTC", "2026-11-18T11:06:40Z", "2026-11-19T04:30:00Z" },
	{ "30 4 * * *", "Europe/Berlin", "2026-11-18T11:06:40Z", "2026-11-19T03:30:00Z" },
	{ "30 4 * * *", "Europe/Berlin", "2026-07-18T11:06:40Z", "2026-07-19T02:30:00Z" },
	{ "*/15 8-9,17 * * *", "UTC", "2026-11-18T09:45:00Z", "2026-11-18T17:00:00Z" },
	{ "5/20 * * * *", "UTC", "2026-11-18T09:06:00Z", "2026-11-18T09:25:00Z" },
	{ "0 0 1 1 *", "UTC", "2026-11-18T09:06:00Z", "2027-01-01T00:00:00Z" },
	{ "0 0 29 2 *", "UTC", "2026-11-18T09:06:00Z", "2028-02-29T00:00:00Z" },
	{ "0 0 * * 1-5", "UTC", "2026-11-20T09:06:00Z", "2026-11-23T00:00:00Z" }, /* a Friday */
	{ "0 0 * * 7", "UTC", "2026-11-20T09:06:00Z", "2026-11-22T00:00:00Z" },
	{ "0 0 * * 0", "UTC", "2026-11-20T09:06:00Z", "2026-11-22T00:00:00Z" },
	{ "0 0 13 * 5", "UTC", "2026-11-18T09:06:00Z",
		"2026-11-20T00:00:00Z" }, /* either of the two */
	{ "0 12 31 2 *", "UTC", "2026-11-18T09:06:00Z", NULL },
	/* Berlin: 02:30 is not there on 2026-03-29, and twice on 2026-10-25. */
	{ "30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z" },
	{ "30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T01:30:00Z" },
	{ "30 2 * * *", "Europe/Berlin", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z" },
	{ "0 3 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-25T02:00:00Z" },
};

START_TEST(the_next_moment)
{
	struct schedule schedule;
	int64_t next;

	ck_assert(schedule_from_cron(str_c(cases[_i].cron), &schedule));
	ck_assert_int_eq(schedule_set_zone(&schedule, str_c(cases[_i].zone)), ERR_OK);
	next = schedule_next(&schedule, at(cases[_i].after));
	ck_assert_int_eq(next, cases[_i].next ? at(cases[_i].next) : TIMESTAMP_NONE);
}
END_TEST

static const char *const bad[] = { "", "* * * *", "* * * * * *", "60 * * * *", "* 24 * * *",
	"* * 0 * *", "* * * 13 *", "* * * * 8", "5-2 * * * *", "*/0 * * * *", "a * * * *",
	"1,,x * * * *", "-1 * * * *", "1- * * * *" };

START_TEST(what_is_no_schedule)
{
	struct schedule schedule;

	ck_assert_msg(!schedule_from_cron(str_c(bad[_i]), &schedule), "%s", bad[_i]);
}
END_TEST

START_TEST(zones_and_intervals)
{
	struct schedule schedule = { .every_us = TIMESTAMP_MINUTE_US };

	ck_assert_int_eq(schedule_next(&schedule, 7), 7 + TIMESTAMP_MINUTE_US);
	ck_assert(schedule_from_cron(STR("* * * * *"), &schedule));
	ck_assert_int_eq(schedule_set_zone(&schedule, STR("Europe/Nowhere")), ERR_NOT_FOUND);
	ck_assert_int_eq(schedule_set_zone(&schedule, STR("/etc/localtime")), ERR_NOT_FOUND);
	ck_assert_int_eq(schedule_set_zone(&schedule, STR("../UTC")), ERR_NOT_FOUND);
	ck_assert_str_eq(schedule.zone, "UTC");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schedule");
	TCase *tcase = tcase_create("schedule");

	tcase_add_loop_test(tcase, the_next_moment, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(tcase, what_is_no_schedule, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, zones_and_intervals);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
