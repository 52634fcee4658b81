// links: spool
// Check program of spool/: the writer: room, deletion, and sequences that are taken.
#include "tests/support/spool_fixture.h"
#include "tests/support/suite.h"

START_TEST(quota_refuses_until_segments_go)
{
	struct spool_options options = small_options();
	struct spool_writer *writer;
	struct spool_reader *reader;
	uint64_t sequence = 0, last = 0;
	struct spool_stats stats;
	enum err err = ERR_OK;
	int steps = 0;

	options.quota_bytes = 3 * SMALL;
	writer = open_writer(&options);
	while (!(err = try_append(writer, last + 1, &sequence)))
		ck_assert_uint_eq(sequence, ++last);
	ck_assert_int_eq(err, ERR_NO_SPACE);
	ck_assert_int_eq(spool_writer_room(writer, SMALL / 2), ERR_NO_SPACE);
	ck_assert_int_eq(spool_writer_state(writer), SPOOL_WORKING);
	spool_writer_stats(writer, &stats);
	ck_assert_uint_eq(stats.segment_bytes, 3 * SMALL);
	ck_assert(segment_exists(1));

	reader = open_reader(0);
	expect_messages(reader, 1, last);
	ck_assert(segment_exists(1)); /* read is not committed */
	spool_reader_publish(reader, last);
	while (spool_writer_room(writer, SMALL / 2) && steps++ < WAIT_STEPS)
		usleep(10000);
	append(writer, last + 1, last + 1);
	expect_message(reader, last + 1, last + 1);
	ck_assert(!segment_exists(1));
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

START_TEST(only_whole_committed_segments_go)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader = open_reader(0);
	struct spool_stats stats = { 0 };
	uint64_t firsts[64];
	size_t n = 0;

	append(writer, 1, 100);
	for (uint64_t i = 1; i <= 100; i++)
		if (segment_exists(i))
			firsts[n++] = i;
	ck_assert_uint_ge(n, 3);
	spool_reader_publish(reader, firsts[2] - 2); /* all of the first, not all of the second */
	for (int steps = 0; !stats.segments_deleted && steps < WAIT_STEPS; steps++) {
		spool_writer_stats(writer, &stats);
		usleep(10000);
	}
	ck_assert_uint_eq(stats.segments_deleted, 1);
	ck_assert_uint_eq(stats.committed, firsts[2] - 2);
	spool_reader_publish(reader, 1); /* never goes back */
	spool_writer_stats(writer, &stats);
	ck_assert_uint_eq(stats.committed, firsts[2] - 2);
	spool_writer_close(writer);
	ck_assert(!segment_exists(firsts[0]) && segment_exists(firsts[1]));

	options.retention_ms = 3600 * 1000;
	writer = open_writer(&options);
	spool_reader_publish(reader, 100);
	usleep(1300000); /* a sweep comes by and leaves what is young */
	ck_assert(segment_exists(firsts[1]));
	spool_writer_close(writer);
	spool_reader_close(reader);
}
END_TEST

/* What is kept for its retention alone must never cost a mail: it goes first when room gets scarce. */
START_TEST(retention_gives_way_to_the_quota)
{
	struct spool_options options = small_options();
	struct spool_writer *writer;
	struct spool_reader *reader;
	uint64_t sequence, last = 0;
	int steps = 0;

	options.retention_ms = 3600 * 1000;
	options.quota_bytes = 16 * SMALL;
	writer = open_writer(&options);
	reader = open_reader(0);
	while (!try_append(writer, last + 1, &sequence) && segment_exists(1))
		last++;
	spool_reader_publish(reader, last); /* all of it is in the database */
	while (spool_writer_room(writer, SMALL / 2) && steps++ < WAIT_STEPS)
		usleep(10000);
	ck_assert_int_eq(spool_writer_room(writer, SMALL / 2), ERR_OK);
	ck_assert(!segment_exists(1));
	ck_assert_int_eq(try_append(writer, 0, &sequence), ERR_OK);
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

/* And no more of it than is needed. */
START_TEST(retention_gives_way_to_others_files)
{
	struct spool_options options = small_options();
	struct spool_writer *writer;
	struct spool_reader *reader;
	int steps = 0;

	options.retention_ms = 3600 * 1000;
	options.min_free_bytes = 100 * SMALL;
	writer = open_writer(&options);
	reader = open_reader(0);
	append(writer, 1, 200);
	spool_reader_publish(reader, 200);
	usleep(1300000); /* a sweep comes by and leaves what is young */
	ck_assert(segment_exists(1));
	disk.free_bytes = 99 * SMALL;
	while (segment_exists(1) && steps++ < WAIT_STEPS)
		usleep(10000);
	ck_assert(!segment_exists(1));
	disk.free_bytes = (uint64_t)1 << 40;
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

START_TEST(little_free_space_refuses)
{
	struct spool_options options = small_options();
	struct spool_writer *writer;
	uint64_t sequence;

	options.min_free_bytes = 1000;
	disk.free_bytes = 1000;
	writer = open_writer(&options);
	append(writer, 1, 1);
	disk.free_bytes = 999;
	ck_assert_int_eq(spool_writer_room(writer, 1), ERR_NO_SPACE);
	ck_assert_int_eq(try_append(writer, 2, &sequence), ERR_NO_SPACE);
	disk.free_bytes = 1000;
	append(writer, 2, 2);
	spool_writer_close(writer);

	options.min_free_bytes = SPOOL_MIN_FREE_AUTO; /* a twentieth of 2 TiB */
	disk.free_bytes = ((uint64_t)1 << 41) / 20;
	writer = open_writer(&options);
	ck_assert_int_eq(spool_writer_room(writer, 1), ERR_OK);
	disk.free_bytes--;
	ck_assert_int_eq(spool_writer_room(writer, 1), ERR_NO_SPACE);
	spool_writer_close(writer);
}
END_TEST

/* A disk that was set back, or that forgot what it had synced: the database holds sequences that this lane has not
 * written. What comes now must not get one of them, or the reader would pass over it. */
START_TEST(a_lane_behind_its_database_goes_on_above_it)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader;
	uint64_t sequence = 0;

	append(writer, 1, 5);
	reader = open_reader(1000);
	spool_reader_publish(reader, 1000);
	ck_assert_int_eq(try_append(writer, 6, &sequence), ERR_OK);
	ck_assert_uint_eq(sequence, 1001);
	expect_message(reader, 1001, 6);
	ck_assert_int_eq(try_append(writer, 7, &sequence), ERR_OK);
	expect_message(reader, 1002, 7);
	spool_writer_close(writer);
	writer = open_writer(&options);
	ck_assert_int_eq(try_append(writer, 8, &sequence), ERR_OK);
	expect_message(reader, 1003, 8);
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spool_room");
	TCase *tcase = tcase_create("spool_room");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, quota_refuses_until_segments_go);
	tcase_add_test(tcase, only_whole_committed_segments_go);
	tcase_add_test(tcase, retention_gives_way_to_the_quota);
	tcase_add_test(tcase, retention_gives_way_to_others_files);
	tcase_add_test(tcase, little_free_space_refuses);
	tcase_add_test(tcase, a_lane_behind_its_database_goes_on_above_it);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
