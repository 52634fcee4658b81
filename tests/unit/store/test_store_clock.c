// links: store
// Check program of the clock that things are deleted by: one that jumped, or lies far beyond the newest row, deletes nothing.
#define _GNU_SOURCE
#include "store/form/clock_guard.h"
#include "tests/support/store_batch_fixture.h"
#include "tests/support/suite.h"

#define DAY  TIMESTAMP_DAY_US
#define NONE TIMESTAMP_NONE

static const struct {
	int64_t now, last, newest; /* days, or NONE */
	bool believed;
	int64_t by; /* days */
} cases[] = {
	{ 1000, NONE, NONE, true, 1000 }, /* nothing is stored */
	{ 1000, 3, NONE, true, 1000 },
	{ 1000, NONE, 1000, true, 1000 }, /* an existing database, from before */
	{ 1000, NONE, 986, true, 1000 },
	{ 1000, NONE, 985, false, 0 }, /* the first look, far beyond what is there */
	{ 1000, 999, 1000, true, 1000 },
	{ 1000, 986, 1000, true, 1000 },
	{ 1030, 999, 999, false, 0 },  /* thirty days ahead */
	{ 1030, 999, 1030, false, 0 }, /* and mail came since, dated by the same clock */
	{ 1400, 999, 999, false, 0 },
	{ 1000, 1400, 1000, true, 1000 }, /* set back: it was ahead */
	{ 1000, 999, 1400, true, 1000 },
	{ 1000, 1000, 500, true, 514 }, /* no mail for long: what was last is kept */
	{ 1000, 1000, 986, true, 1000 },
	{ 1000, 1000, 985, true, 999 },
};

static int64_t us(int64_t days)
{
	return days == NONE ? NONE : days * DAY;
}

START_TEST(a_clock_that_jumped_is_not_believed)
{
	struct clock_seen seen = { us(cases[_i].now), us(cases[_i].last), us(cases[_i].newest) };
	int64_t by = -1;

	ck_assert_int_eq(clock_guard(&seen, &by), cases[_i].believed);
	ck_assert_int_eq(by, cases[_i].believed ? us(cases[_i].by) : -1);
}
END_TEST

START_TEST(extremes_do_not_overflow)
{
	static const int64_t ends[] = { INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX };

	for (size_t a = 0; a < ARRAY_LEN(ends); a++)
		for (size_t b = 0; b < ARRAY_LEN(ends); b++)
			for (size_t c = 0; c < ARRAY_LEN(ends); c++) {
				int64_t by = 0;

				if (clock_guard(
					    &(struct clock_seen){ ends[a], ends[b], ends[c] }, &by))
					ck_assert_int_le(by, ends[a]);
			}
}
END_TEST

START_TEST(it_is_remembered_and_a_person_may_say_that_it_is_right)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct store_clock clock;
	struct sample sample;
	static const char domain[32] = "shop.example";

	ck_assert_int_eq(store_clock(store, NOW, &clock), ERR_OK);
	ck_assert(clock.believed && clock.newest_us == NONE);
	sample_init(&sample, 0, domain);
	ck_assert_int_eq(load(store, "s1", &sample, 1, 0, 1, &result), ERR_OK);
	ck_assert_int_eq(store_clock(store, NOW + 13 * DAY, &clock), ERR_OK);
	ck_assert(clock.believed && clock.newest_us == sample.envelope.received_at_us);
	ck_assert_int_eq(store_clock(store, NOW + 43 * DAY, &clock), ERR_OK);
	ck_assert(!clock.believed && clock.last_us == NOW + 13 * DAY);
	ck_assert_int_eq(store_clock(store, NOW + 44 * DAY, &clock), ERR_OK);
	ck_assert(!clock.believed);
	ck_assert_int_eq(store_clock_believe(store, NOW + 44 * DAY), ERR_OK);
	ck_assert_int_eq(store_clock(store, NOW + 44 * DAY, &clock), ERR_OK);
	ck_assert(clock.believed);
	ck_assert_int_eq(clock.moment_us, sample.envelope.received_at_us + CLOCK_TRUST_US);
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_clock");
	TCase *tests = tcase_create("clock");
	int code;

	tcase_set_timeout(tests, 300);
	tcase_add_loop_test(tests, a_clock_that_jumped_is_not_believed, 0, (int)ARRAY_LEN(cases));
	tcase_add_test(tests, extremes_do_not_overflow);
	tcase_add_test(tests, it_is_remembered_and_a_person_may_say_that_it_is_right);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
