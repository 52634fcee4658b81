// links: spool
// Check program of spool/: the writer: group commit, and a disk that fails.
#include "tests/support/spool_fixture.h"
#include "tests/support/suite.h"

START_TEST(a_lane_has_one_writer)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options), *second;

	ck_assert_int_eq(spool_writer_open(folder, &options, &second), ERR_CONFLICT);
	spool_writer_close(writer);
	writer = open_writer(&options);
	spool_writer_close(writer);
}
END_TEST

/* A program that comes with one message and goes: nothing is prepared for the next. */
START_TEST(a_segment_on_need)
{
	struct spool_options options = small_options();
	struct spool_writer *writer;
	struct spool_stats stats;
	struct spool_reader *reader;
	uint64_t sequence;

	options.prepare = SPOOL_PREPARE_ON_NEED;
	for (uint64_t number = 1; number <= 200; number++) {
		writer = open_writer(&options);
		ck_assert_int_eq(try_append(writer, number, &sequence), ERR_OK);
		ck_assert_uint_eq(sequence, number);
		spool_writer_stats(writer, &stats);
		ck_assert_uint_eq(stats.segment_bytes % SMALL, 0);
		if (number == 1)
			ck_assert_uint_eq(stats.segment_bytes, SMALL);
		spool_writer_close(writer);
	}
	ck_assert_uint_ge(stats.segment_bytes, 2 * SMALL);
	reader = open_reader(0);
	expect_messages(reader, 1, 200);
	expect_end(reader);
	spool_reader_close(reader);
}
END_TEST

START_TEST(options_have_limits)
{
	static const struct {
		uint64_t segment, quota;
		enum err err;
	} cases[] = {
		{ SMALL, 2 * SMALL, ERR_OK },
		{ SMALL, 2 * SMALL - 1, ERR_RANGE },
		{ SMALL / 2, 64 * SMALL, ERR_RANGE },
		{ SMALL + 8, 64 * SMALL, ERR_RANGE },
		{ SPOOL_SEGMENT_BYTES_MAX + SMALL, 4 * SPOOL_SEGMENT_BYTES_MAX, ERR_RANGE },
	};
	struct spool_options options = small_options();

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct spool_writer *writer = NULL;

		options.segment_bytes = cases[i].segment;
		options.quota_bytes = cases[i].quota;
		ck_assert_int_eq(spool_writer_open(folder, &options, &writer), cases[i].err);
		spool_writer_close(writer);
	}
}
END_TEST

/* {which call fails, errno, what the waiter hears} */
static const struct {
	int syncs, writes, errnum;
	enum err err;
} faults[] = {
	{ 1, 0, EIO, ERR_IO },
	{ 0, 1, EIO, ERR_IO },
	{ 0, 1, ENOSPC, ERR_NO_SPACE },
	{ 1, 0, EDQUOT, ERR_NO_SPACE },
	{ 1, 0, ENOSPC, ERR_NO_SPACE },
};

START_TEST(a_failed_batch_is_never_acknowledged)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader = open_reader(0);
	uint64_t before = _i % 2 ? 5 : 0,
		 sequence = 99; /* in a segment with records, in a new one */
	size_t fault = (size_t)_i / 2;

	if (before)
		append(writer, 1, before);
	disk.sync_errno = disk.write_errno = faults[fault].errnum;
	disk.fail_syncs = faults[fault].syncs;
	disk.fail_writes = faults[fault].writes;
	ck_assert_int_eq(try_append(writer, 1000, &sequence), faults[fault].err);
	ck_assert_uint_eq(sequence, 99);
	ck_assert_int_eq(spool_writer_state(writer), SPOOL_LIMPING);
	if (before)
		expect_messages(reader, 1, before);
	expect_end(reader);

	append(writer, before + 1, before + 3);
	ck_assert_int_eq(spool_writer_state(writer), SPOOL_WORKING);
	ck_assert(segment_exists(before + 1)); /* not where the failure was */
	expect_messages(reader, before + 1, before + 3);
	expect_end(reader);
	spool_writer_close(writer);

	writer = open_writer(
		&options); /* recovery does not take the refused record for a good one */
	append(writer, before + 4, before + 4);
	expect_message(reader, before + 4, before + 4);
	spool_reader_close(reader);
	reader = open_reader(0);
	expect_messages(reader, 1, before + 4);
	expect_end(reader);
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

/* The name of a segment whose first batch failed is given to the next one. A reader that looked in between still finds it. */
START_TEST(a_name_that_comes_twice_is_found)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader = open_reader(0);
	struct spool_record record;
	char text[SMALL - 400];
	uint64_t sequence;

	memset(text, 'x', sizeof text);
	append(writer, 1, 4);
	expect_message(reader, 1, 1);
	disk.sync_errno = EIO;
	disk.fail_syncs = 1;
	ck_assert_int_eq(
		spool_append(writer, &plain_envelope, str_from(text, sizeof text), &sequence),
		ERR_IO);
	ck_assert(!segment_exists(5));
	expect_messages(reader, 2, 4);
	ck_assert_int_eq(
		spool_append(writer, &plain_envelope, str_from(text, sizeof text), &sequence),
		ERR_OK);
	ck_assert_uint_eq(sequence, 5);
	ck_assert(segment_exists(5));
	ck_assert_int_eq(spool_reader_next(reader, &record), ERR_OK);
	ck_assert_int_eq(record.kind, SPOOL_MESSAGE);
	ck_assert_uint_eq(record.message.n, sizeof text);
	expect_end(reader);
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

START_TEST(two_failures_stop_the_writer_for_a_while)
{
	struct spool_options options = small_options();
	struct spool_writer *writer;
	struct spool_reader *reader;
	struct spool_stats stats;
	uint64_t sequence;
	enum err err;

	options.retry_ms = 200;
	writer = open_writer(&options);
	disk.sync_errno = EIO;
	disk.fail_syncs = 2;
	ck_assert_int_eq(try_append(writer, 1, &sequence), ERR_IO);
	ck_assert_int_eq(try_append(writer, 1, &sequence), ERR_IO);
	ck_assert_int_eq(spool_writer_state(writer), SPOOL_FAILED);
	err = spool_writer_room(writer, 1);
	ck_assert(
		err == ERR_UNAVAILABLE || err == ERR_OK); /* OK: a slow machine, the wait is over */
	for (int steps = 0; try_append(writer, 1, &sequence) && steps < WAIT_STEPS; steps++)
		usleep(10000);
	ck_assert_uint_eq(sequence, 1);
	ck_assert_int_eq(spool_writer_state(writer), SPOOL_WORKING);
	spool_writer_stats(writer, &stats);
	ck_assert_uint_eq(stats.failed_batches, 2);
	reader = open_reader(0);
	expect_message(reader, 1, 1);
	expect_end(reader);
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

/* The process dies after the write and before the sync: the record is whole, so it is kept. */
START_TEST(killed_between_write_and_sync)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader;
	struct spool_stats stats;
	int status;
	pid_t child;

	append(writer, 1, 2);
	spool_writer_close(writer);
	child = fork();
	if (!child) {
		uint64_t sequence;

		writer = open_writer(&options);
		disk.die_at_sync = true;
		ERR_IGNORE(try_append(writer, 3, &sequence), "the sync ends the process");
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 9);
	reader = open_reader(0);
	expect_messages(reader, 1, 2);
	expect_end(reader); /* written, not durable */
	writer = open_writer(&options);
	spool_writer_stats(writer, &stats);
	ck_assert_uint_gt(stats.kept_bytes, 0);
	expect_message(reader, 3, 3);
	append(writer, 4, 4);
	expect_message(reader, 4, 4);
	expect_end(reader);
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

/* A failed sync, then the end of the process: recovery must write before it believes a sync. */
START_TEST(recovery_fails_where_the_disk_still_fails)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	int fd;

	append(writer, 1, 3);
	spool_writer_close(writer);
	set_watermark(1);
	disk.fail_writes = 1;
	disk.write_errno = EIO;
	ck_assert_int_eq(spool_writer_open(folder, &options, &writer), ERR_IO);
	disk.fail_syncs = 1;
	disk.sync_errno = EIO;
	ck_assert_int_eq(spool_writer_open(folder, &options, &writer), ERR_IO);
	fd = open_segment(1);
	close(fd);
	writer = open_writer(&options);
	append(writer, 4, 4);
	spool_writer_close(writer);
}
END_TEST

START_TEST(waiting_records_share_a_sync)
{
	enum { RECORDS = 200 };
	struct spool_options options = small_options();
	struct spool_writer *writer;
	struct spool_completion rows[7];
	struct spool_stats stats;
	bool seen[RECORDS] = { false };
	size_t n_seen = 0, n;
	uint64_t last = 0;
	char room[64];

	options.segment_bytes = 1 << 20;
	options.quota_bytes = 4 << 20;
	disk.hold_syncs = true;
	writer = open_writer(&options);
	for (uint64_t i = 0; i < RECORDS; i++)
		ck_assert_int_eq(
			spool_submit(writer, &plain_envelope, text_of(i, room), i), ERR_OK);
	ck_assert_uint_eq(spool_writer_reap(writer, rows, ARRAY_LEN(rows)), 0);
	pthread_mutex_lock(&disk.lock);
	disk.hold_syncs = false;
	pthread_mutex_unlock(&disk.lock);
	while (n_seen < RECORDS) {
		struct pollfd wait = { .fd = spool_writer_fd(writer), .events = POLLIN };

		ck_assert_int_eq(poll(&wait, 1, 30000), 1);
		n = spool_writer_reap(writer, rows, ARRAY_LEN(rows));
		for (size_t i = 0; i < n; i++) {
			ck_assert_int_eq(rows[i].err, ERR_OK);
			ck_assert(!seen[rows[i].cookie]);
			ck_assert_uint_gt(rows[i].sequence, last); /* in the order of submission */
			seen[rows[i].cookie] = true;
			last = rows[i].sequence;
		}
		n_seen += n;
	}
	spool_writer_stats(writer, &stats);
	ck_assert_uint_ge(stats.syncs, (RECORDS + SPOOL_BATCH_RECORDS - 1) / SPOOL_BATCH_RECORDS);
	ck_assert_uint_le(stats.syncs, 2 + RECORDS / SPOOL_BATCH_RECORDS + 1);
	spool_writer_close(writer);
}
END_TEST

START_TEST(closing_commits_what_waits)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader = open_reader(0);
	char room[64];

	for (uint64_t i = 1; i <= 100; i++)
		ck_assert_int_eq(
			spool_submit(writer, &plain_envelope, text_of(i, room), i), ERR_OK);
	spool_writer_close(writer);
	expect_messages(reader, 1, 100);
	expect_end(reader);
	spool_reader_close(reader);
}
END_TEST

static void *append_ten(void *argument)
{
	uint64_t sequence;

	for (int i = 0; i < 10; i++)
		ck_assert_int_eq(try_append(argument, 7, &sequence), ERR_OK);
	return NULL;
}

START_TEST(threads_append_at_once)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	pthread_t threads[8];
	struct spool_stats stats;

	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		ck_assert(!pthread_create(&threads[i], NULL, append_ten, writer));
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	spool_writer_stats(writer, &stats);
	ck_assert_uint_eq(stats.durable, 80);
	spool_writer_close(writer);
}
END_TEST

START_TEST(states_have_names)
{
	for (int i = 0; i < SPOOL_STATE_COUNT; i++)
		ck_assert_uint_gt(spool_state_name((enum spool_state)i).n, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spool_writer");
	TCase *tcase = tcase_create("spool_writer");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_lane_has_one_writer);
	tcase_add_test(tcase, a_segment_on_need);
	tcase_add_test(tcase, options_have_limits);
	tcase_add_loop_test(tcase, a_failed_batch_is_never_acknowledged, 0, 2 * ARRAY_LEN(faults));
	tcase_add_test(tcase, a_name_that_comes_twice_is_found);
	tcase_add_test(tcase, two_failures_stop_the_writer_for_a_while);
	tcase_add_test(tcase, killed_between_write_and_sync);
	tcase_add_test(tcase, recovery_fails_where_the_disk_still_fails);
	tcase_add_test(tcase, waiting_records_share_a_sync);
	tcase_add_test(tcase, closing_commits_what_waits);
	tcase_add_test(tcase, threads_append_at_once);
	tcase_add_test(tcase, states_have_names);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
