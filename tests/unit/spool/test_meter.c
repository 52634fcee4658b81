// links: spool
// Check program of spool/: meters, and what a lane tells of what waits.
#include "core/attr.h"
#include "spool/backlog.h"
#include "tests/support/spool_fixture.h"
#include "tests/support/suite.h"

#include <string.h>

static meter_word words[METER_WORDS];

static void copy(uint64_t ret_words[METER_WORDS])
{
	for (size_t i = 0; i < METER_WORDS; i++)
		ret_words[i] = atomic_load(&words[i]);
}

static void forget(void)
{
	for (size_t i = 0; i < METER_WORDS; i++)
		atomic_store(&words[i], 0);
}

/* 0 for one that is not shown, too. */
static uint64_t row_of(const uint64_t *now, enum meter meter, size_t row)
{
	char label[METER_LABEL_BYTES];
	uint64_t n = 0;

	return meter_get(now, meter, row, &n, label) ? n : 0;
}

START_TEST(names_are_their_own_and_follow_the_conventions)
{
	for (int i = 0; i < METER_COUNT; i++) {
		const char *name = meter_name((enum meter)i);

		ck_assert(str_starts(str_c(name), STR("bounced_")));
		ck_assert_int_ne(
			meter_is_time((enum meter)i), str_ends(str_c(name), STR("_total")));
		ck_assert_int_eq(
			meter_is_time((enum meter)i), str_ends(str_c(name), STR("_seconds")));
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(name, meter_name((enum meter)j));
	}
	for (int i = 1; i < METER_BOUNDS; i++)
		ck_assert_int_lt(meter_bounds_us()[i - 1], meter_bounds_us()[i]);
}
END_TEST

/* No row of one is a row of another. */
START_TEST(each_has_its_own_words)
{
	uint64_t now[METER_WORDS];

	for (int i = 0; i < METER_COUNT; i++) {
		forget();
		for (size_t row = 0; row < meter_rows((enum meter)i); row++)
			if (meter_is_time((enum meter)i))
				meter_time(words, (enum meter)i,
					row < METER_BOUNDS ? meter_bounds_us()[row]
							   : INT64_MAX / 2);
			else if ((enum meter)i == METER_REFUSALS)
				meter_reply(
					words, (enum meter)i, 400 + (unsigned)row, STR("4.0.0"));
			else
				meter_count(words, (enum meter)i, row);
		copy(now);
		for (int j = 0; j < METER_COUNT; j++)
			for (size_t row = 0; row < meter_rows((enum meter)j); row++)
				ck_assert_uint_eq(row_of(now, (enum meter)j, row), i == j);
	}
	forget();
	meter_count(words, METER_KINDS, meter_rows(METER_KINDS));
	copy(now);
	for (size_t i = 0; i < METER_WORDS; i++)
		ck_assert_uint_eq(now[i], 0);
}
END_TEST

START_TEST(a_time_is_counted_below_its_bound)
{
	uint64_t now[METER_WORDS];

	forget();
	meter_time(words, METER_AGE, -5); /* a clock that was set back */
	meter_time(words, METER_AGE, 1000);
	meter_time(words, METER_AGE, 1001);
	meter_time(words, METER_AGE, 1800000001);
	copy(now);
	ck_assert_uint_eq(row_of(now, METER_AGE, 0), 2);
	ck_assert_uint_eq(row_of(now, METER_AGE, 1), 1);
	ck_assert_uint_eq(row_of(now, METER_AGE, METER_BOUNDS), 1);
	ck_assert_uint_eq(meter_sum_us(now, METER_AGE), 1800000001u + 2001);
}
END_TEST

START_TEST(replies_are_bounded)
{
	uint64_t now[METER_WORDS], n, sum = 0;
	char label[METER_LABEL_BYTES];

	forget();
	meter_reply(words, METER_REFUSALS, 550, STR("5.7.1"));
	meter_reply(words, METER_REFUSALS, 550, STR("5.7.1"));
	meter_reply(words, METER_REFUSALS, 421, STR(""));
	copy(now);
	ck_assert(meter_get(now, METER_REFUSALS, 0, &n, label));
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(label, "code=\"550\",status=\"5.7.1\"");
	ck_assert(meter_get(now, METER_REFUSALS, 1, &n, label));
	ck_assert_str_eq(label, "code=\"421\",status=\"0.0.0\"");
	ck_assert(!meter_get(now, METER_REFUSALS, 2, &n, label));
	for (unsigned code = 0; code < 200; code++)
		meter_reply(words, METER_REFUSALS, 400 + code, STR("4.1.1"));
	copy(now);
	for (size_t row = 0; row < meter_rows(METER_REFUSALS); row++)
		sum += row_of(now, METER_REFUSALS, row);
	ck_assert_uint_eq(sum, 203);
	ck_assert(meter_get(now, METER_REFUSALS, METER_REPLIES - 1, &n, label));
	ck_assert_str_eq(label, "code=\"0\",status=\"0.0.0\"");
}
END_TEST

static struct spool_backlog look(void)
{
	struct spool_backlog backlog;

	ck_assert_int_eq(spool_backlog(folder, &backlog), ERR_OK);
	return backlog;
}

START_TEST(a_lane_tells_since_when_something_waits)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader;
	int64_t first_us;

	ck_assert_int_eq(look().oldest_us, 0);
	append(writer, 1, 1);
	first_us = look().oldest_us;
	ck_assert_int_gt(first_us, 0);
	append(writer, 2, 3);
	ck_assert_int_eq(look().oldest_us, first_us); /* others came since */
	reader = open_reader(0);
	spool_reader_publish(reader, 1);
	ck_assert_int_eq(look().oldest_us, first_us); /* or later: nobody has it in hand */
	spool_reader_note_waiting(reader, 2, first_us + 7);
	ck_assert_int_eq(look().oldest_us, first_us + 7);
	spool_reader_publish(reader, 3);
	ck_assert_int_eq(look().oldest_us, 0);
	append(writer, 4, 4);
	ck_assert_int_gt(look().oldest_us, 0);
	ck_assert_uint_gt(look().used_bytes, 0);
	ck_assert_uint_gt(look().free_bytes, 0);
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

START_TEST(a_lane_tells_that_the_database_cannot_take_it)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader;

	append(writer, 1, 1);
	reader = open_reader(0);
	ck_assert(!look().stuck);
	spool_reader_note_stuck(reader, true);
	ck_assert(look().stuck);
	spool_reader_note_stuck(reader, false);
	ck_assert(!look().stuck);
	spool_reader_note_stuck(reader, true);
	spool_reader_close(reader);
	reader = open_reader(0); /* one that has not asked yet */
	ck_assert(!look().stuck);
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

START_TEST(both_sides_count_from_their_start)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader = open_reader(0);

	meter_time(spool_writer_meters(writer), METER_SESSION, 5);
	meter_count(spool_reader_meters(reader), METER_ASIDE, 0);
	ck_assert_uint_eq(row_of(look().written, METER_SESSION, 0), 1);
	ck_assert_uint_eq(row_of(look().read, METER_ASIDE, 0), 1);
	spool_reader_close(reader);
	spool_writer_close(writer);
	writer = open_writer(&options);
	reader = open_reader(0);
	ck_assert_uint_eq(row_of(look().written, METER_SESSION, 0), 0);
	ck_assert_uint_eq(row_of(look().read, METER_ASIDE, 0), 0);
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("meter");
	TCase *tcase = tcase_create("meter");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, names_are_their_own_and_follow_the_conventions);
	tcase_add_test(tcase, each_has_its_own_words);
	tcase_add_test(tcase, a_time_is_counted_below_its_bound);
	tcase_add_test(tcase, replies_are_bounded);
	tcase_add_test(tcase, a_lane_tells_since_when_something_waits);
	tcase_add_test(tcase, a_lane_tells_that_the_database_cannot_take_it);
	tcase_add_test(tcase, both_sides_count_from_their_start);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
