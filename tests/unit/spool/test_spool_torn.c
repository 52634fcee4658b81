// links: spool
// Check program of spool/: a power cut in the middle of a batch, told from damage of what was acknowledged.
#include "tests/support/spool_fixture.h"
#include "tests/support/suite.h"

enum { FIRST = 3, BATCH = 5 };

/* One record that is held at its sync, so that the BATCH behind it wait for the next. */
static void append_batch(struct spool_writer *writer, uint64_t first)
{
	struct spool_completion rows[BATCH + 1];
	char room[64];
	size_t n = 0;

	pthread_mutex_lock(&disk.lock);
	disk.hold_syncs = true;
	pthread_mutex_unlock(&disk.lock);
	ck_assert_int_eq(spool_submit(writer, &plain_envelope, text_of(first, room), 0), ERR_OK);
	usleep(100000);
	for (uint64_t i = first + 1; i <= first + BATCH; i++)
		ck_assert_int_eq(
			spool_submit(writer, &plain_envelope, text_of(i, room), i), ERR_OK);
	pthread_mutex_lock(&disk.lock);
	disk.hold_syncs = false;
	pthread_mutex_unlock(&disk.lock);
	for (int step = 0; n < BATCH + 1 && step < WAIT_STEPS; step++) {
		n += spool_writer_reap(writer, rows + n, BATCH + 1 - n);
		usleep(1000);
	}
	ck_assert_uint_eq(n, BATCH + 1);
}

/* FIRST records one by one, one more, then BATCH records under one sync; the places of all of them. */
static void fill(uint64_t ret_places[static 16])
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);

	append(writer, 1, FIRST);
	append_batch(writer, FIRST + 1);
	spool_writer_close(writer);
	find_records(FIRST + 1 + BATCH, ret_places);
}

/* The sectors of record `sequence` never reached the disk. */
static void lose(const uint64_t *places, uint64_t sequence)
{
	uint64_t from = places[sequence - 1], n = places[sequence] - from;
	char zeros[SMALL] = "";
	int fd = open_segment(1);

	ck_assert_int_eq(pwrite(fd, zeros, n, (off_t)from), (ssize_t)n);
	close(fd);
}

static void expect_gap(
	struct spool_reader *reader, enum spool_record_kind kind, uint64_t from, uint64_t to)
{
	struct spool_record record;

	ck_assert_int_eq(spool_reader_next(reader, &record), ERR_OK);
	ck_assert_int_eq(record.kind, kind);
	ck_assert_uint_eq(record.sequence, from);
	ck_assert_uint_eq(record.last_sequence, to);
}

static void recover(uint64_t *next)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);

	append(writer, *next, *next);
	++*next;
	spool_writer_close(writer);
}

/* Any record of the batch but the last one, which is the end of what is known. */
START_TEST(what_a_power_cut_took_of_a_batch_is_torn)
{
	uint64_t places[16], gone = FIRST + 2 + (uint64_t)_i, next = FIRST + 2 + BATCH;
	struct spool_reader *reader;

	fill(places);
	lose(places, gone);
	set_watermark(FIRST + 1);
	recover(&next);
	set_watermark(FIRST + 1); /* and again: that page did not reach the disk */
	recover(&next);
	reader = open_reader(0);
	expect_messages(reader, 1, gone - 1);
	expect_gap(reader, SPOOL_TORN, gone, gone);
	expect_messages(reader, gone + 1, next - 1);
	expect_end(reader);
	spool_reader_close(reader);
}
END_TEST

/* Another cut before the reader came to the first. */
START_TEST(two_torn_batches_are_told)
{
	enum { SECOND = FIRST + 1 + BATCH + 1 };
	struct spool_options options = small_options();
	uint64_t places[16], next = SECOND + BATCH + 1;
	struct spool_writer *writer;
	struct spool_reader *reader;

	fill(places);
	lose(places, FIRST + 3);
	set_watermark(FIRST + 1);
	writer = open_writer(&options);
	append_batch(writer, SECOND);
	spool_writer_close(writer);
	find_records(SECOND + BATCH, places);
	lose(places, SECOND + 2);
	set_watermark(SECOND);
	recover(&next);
	reader = open_reader(0);
	expect_messages(reader, 1, FIRST + 2);
	expect_gap(reader, SPOOL_TORN, FIRST + 3, FIRST + 3);
	expect_messages(reader, FIRST + 4, SECOND + 1);
	expect_gap(reader, SPOOL_TORN, SECOND + 2, SECOND + 2);
	expect_messages(reader, SECOND + 3, next - 1);
	expect_end(reader);
	spool_reader_close(reader);
}
END_TEST

START_TEST(what_was_acknowledged_is_damage)
{
	uint64_t places[16], next = FIRST + 2 + BATCH;
	struct spool_reader *reader;

	fill(places);
	lose(places, 2);
	lose(places, FIRST + 1);
	lose(places, FIRST + 4);
	/* The watermark of the disk is old; a later batch proves all but the last. */
	set_watermark(_i ? FIRST + 1 + BATCH : 0);
	recover(&next);
	reader = open_reader(0);
	expect_messages(reader, 1, 1);
	expect_gap(reader, SPOOL_DAMAGE, 2, 2);
	expect_messages(reader, 3, FIRST);
	expect_gap(reader, SPOOL_DAMAGE, FIRST + 1, FIRST + 1);
	expect_messages(reader, FIRST + 2, FIRST + 3);
	expect_gap(reader, _i ? SPOOL_DAMAGE : SPOOL_TORN, FIRST + 4, FIRST + 4);
	expect_messages(reader, FIRST + 5, next - 1);
	expect_end(reader);
	spool_reader_close(reader);
}
END_TEST

/* The end of a batch that was acknowledged, and the start of one that was not, side by side. */
START_TEST(a_gap_over_two_batches_is_told_in_two)
{
	uint64_t places[16], next = FIRST + 2 + BATCH;
	struct spool_reader *reader;

	fill(places);
	for (uint64_t i = FIRST; i <= FIRST + 3; i++)
		lose(places, i);
	set_watermark(0);
	recover(&next);
	reader = open_reader(0);
	expect_messages(reader, 1, FIRST - 1);
	expect_gap(reader, SPOOL_DAMAGE, FIRST, FIRST + 1);
	expect_gap(reader, SPOOL_TORN, FIRST + 2, FIRST + 3);
	expect_messages(reader, FIRST + 4, next - 1);
	expect_end(reader);
	spool_reader_close(reader);
}
END_TEST

/* A batch that is damaged when another was synced behind it had its 250, whatever the watermark says. */
START_TEST(a_batch_in_front_of_another_had_its_250)
{
	uint64_t places[16], next = FIRST + 2 + BATCH;
	struct spool_reader *reader;

	fill(places);
	recover(&next);
	lose(places, FIRST + 3);
	set_watermark(0);
	recover(&next);
	reader = open_reader(0);
	expect_messages(reader, 1, FIRST + 2);
	expect_gap(reader, SPOOL_DAMAGE, FIRST + 3, FIRST + 3);
	expect_messages(reader, FIRST + 4, next - 1);
	expect_end(reader);
	spool_reader_close(reader);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spool_torn");
	TCase *tcase = tcase_create("spool_torn");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, what_a_power_cut_took_of_a_batch_is_torn, 0, BATCH - 1);
	tcase_add_test(tcase, two_torn_batches_are_told);
	tcase_add_loop_test(tcase, what_was_acknowledged_is_damage, 0, 2);
	tcase_add_test(tcase, a_gap_over_two_batches_is_told_in_two);
	tcase_add_test(tcase, a_batch_in_front_of_another_had_its_250);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
