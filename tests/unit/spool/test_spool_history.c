// links: spool
/* tests/unit/spool/test_spool_history.c -- is a lane still the one that was loaded? A folder that was set back to an older copy
 * gives sequences out again. */
#include "tests/support/spool_fixture.h"
#include "tests/support/suite.h"

/* When the record `sequence` was committed, as a loader learns it. */
static int64_t stored_at(uint64_t sequence)
{
	struct spool_reader *reader = open_reader(sequence - 1);
	struct spool_record record;

	ck_assert_int_eq(spool_reader_next(reader, &record), ERR_OK);
	ck_assert_uint_eq(record.sequence, sequence);
	spool_reader_close(reader);
	return record.stored_at_us;
}

static void write_messages(uint64_t from, uint64_t to)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);

	append(writer, from, to);
	spool_writer_close(writer);
}

static enum spool_history compare(uint64_t sequence, int64_t stored_at_us)
{
	struct spool_reader *reader = open_reader(0);
	enum spool_history history;

	ck_assert_int_eq(spool_reader_compare(reader, sequence, stored_at_us, &history), ERR_OK);
	spool_reader_close(reader);
	return history;
}

static void keep_copy(const char *from, const char *to)
{
	pid_t child = fork();

	if (!child) {
		execlp("cp", "cp", "-a", from, to, (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static void set_back(const char *copy)
{
	remove_tree(folder);
	keep_copy(copy, folder);
}

START_TEST(what_was_loaded_is_known_again)
{
	write_messages(1, 200);
	for (uint64_t sequence = 1; sequence <= 200; sequence += 37) {
		ck_assert_int_eq(compare(sequence, stored_at(sequence)), SPOOL_HISTORY_SAME);
		ck_assert_int_eq(compare(sequence, stored_at(sequence) + 1), SPOOL_HISTORY_OTHER);
		ck_assert_int_eq(compare(sequence, 0), SPOOL_HISTORY_UNKNOWN);
	}
	ck_assert_int_eq(compare(200, stored_at(200)), SPOOL_HISTORY_SAME);
	ck_assert_int_eq(compare(201, 1), SPOOL_HISTORY_OTHER);
	ck_assert_int_eq(compare(201, 0), SPOOL_HISTORY_OTHER);
}
END_TEST

/* After a power cut the watermark may be too low: the record is there, and the writer will find it. */
START_TEST(a_low_watermark_is_no_older_copy)
{
	int64_t at;

	write_messages(1, 200);
	at = stored_at(200);
	set_watermark(3);
	ck_assert_int_eq(compare(200, at), SPOOL_HISTORY_SAME);
	ck_assert_int_eq(compare(201, at), SPOOL_HISTORY_OTHER);
}
END_TEST

START_TEST(a_lane_set_back_is_another_one)
{
	char copy[300];
	int64_t at_10, at_150;

	write_messages(1, 10);
	snprintf(copy, sizeof copy, "%s.copy", folder);
	keep_copy(folder, copy);
	write_messages(11, 150);
	at_10 = stored_at(10);
	at_150 = stored_at(150);
	set_back(copy);
	remove_tree(copy);
	ck_assert_int_eq(compare(150, at_150), SPOOL_HISTORY_OTHER);
	ck_assert_int_eq(compare(10, at_10), SPOOL_HISTORY_SAME);
	write_messages(11, 300); /* past where it had been */
	ck_assert_int_eq(compare(150, at_150), SPOOL_HISTORY_OTHER);
	ck_assert_int_eq(compare(10, at_10), SPOOL_HISTORY_SAME);
}
END_TEST

/* Neither says that the lane was set back: the sequences are used up. */
START_TEST(deleted_and_damaged_records_tell_nothing)
{
	uint64_t places[16];
	int64_t at;
	int fd;

	write_messages(1, 200);
	at = stored_at(2);
	find_records(3, places);
	fd = open_segment(1);
	ck_assert_int_eq(pwrite(fd, "XX", 2, (off_t)places[1] + 50), 2);
	close(fd);
	ck_assert_int_eq(compare(2, at), SPOOL_HISTORY_UNKNOWN);
	ck_assert_int_eq(compare(3, stored_at(3)), SPOOL_HISTORY_SAME);
}
END_TEST

START_TEST(a_deleted_segment_tells_nothing)
{
	char path[512];
	struct spool_reader *reader;
	uint64_t oldest;
	int64_t at;

	write_messages(1, 200);
	at = stored_at(2);
	reader = open_reader(0);
	ck_assert_int_eq(spool_reader_oldest(reader, &oldest), ERR_OK);
	ck_assert_uint_eq(oldest, 1);
	segment_path(1, path);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(compare(2, at), SPOOL_HISTORY_UNKNOWN);
	ck_assert_int_eq(spool_reader_oldest(reader, &oldest), ERR_OK);
	ck_assert_uint_gt(oldest, 2);
	ck_assert(segment_exists(oldest));
	spool_reader_close(reader);
}
END_TEST

START_TEST(a_lane_without_segments)
{
	struct spool_options options = small_options();
	struct spool_reader *reader;
	uint64_t oldest;

	spool_writer_close(open_writer(&options));
	ck_assert_int_eq(compare(5, 0), SPOOL_HISTORY_OTHER);
	reader = open_reader(0);
	ck_assert_int_eq(spool_reader_oldest(reader, &oldest), ERR_OK);
	ck_assert_uint_eq(oldest, 1);
	spool_reader_publish(reader, 5); /* what comes will be above it */
	ck_assert_int_eq(compare(5, 0), SPOOL_HISTORY_UNKNOWN);
	ck_assert_int_eq(spool_reader_oldest(reader, &oldest), ERR_OK);
	ck_assert_uint_eq(oldest, 6);
	spool_reader_close(reader);
}
END_TEST

/* The reader goes on where it stood. */
START_TEST(comparing_moves_nothing)
{
	struct spool_reader *reader;
	enum spool_history history;

	write_messages(1, 200);
	reader = open_reader(0);
	expect_messages(reader, 1, 20);
	ck_assert_int_eq(spool_reader_compare(reader, 150, 1, &history), ERR_OK);
	expect_messages(reader, 21, 200);
	expect_end(reader);
	spool_reader_close(reader);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spool_history");
	TCase *tcase = tcase_create("history");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_was_loaded_is_known_again);
	tcase_add_test(tcase, a_low_watermark_is_no_older_copy);
	tcase_add_test(tcase, a_lane_set_back_is_another_one);
	tcase_add_test(tcase, deleted_and_damaged_records_tell_nothing);
	tcase_add_test(tcase, a_deleted_segment_tells_nothing);
	tcase_add_test(tcase, a_lane_without_segments);
	tcase_add_test(tcase, comparing_moves_nothing);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
