// links: spool
// Check program of spool/: append, commit, recover, read, delete, and a disk that fails.
#include "core/limits.h"
#include "spool/record.h"
#include "spool/spool.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SMALL = 4096, WAIT_STEPS = 3000 };

/* The disk of these tests: real calls, unless told otherwise. Guarded by a lock, since two threads
 * of the writer call it. */
static struct {
	pthread_mutex_t lock;
	int fail_syncs, fail_writes; /* how many of the next calls on a segment in use fail */
	int sync_errno, write_errno;
	bool die_at_sync, hold_syncs;
	uint64_t free_bytes;
} disk = { .lock = PTHREAD_MUTEX_INITIALIZER, .free_bytes = (uint64_t)1 << 40 };

/* Preparing a segment writes zeros and syncs them; only records are to fail. */
static __thread bool last_was_record;

static ssize_t disk_write_at(int fd, const void *bytes, size_t n, off_t offset)
{
	bool fails = false;

	last_was_record = n >= 4 && !memcmp(bytes, "\x1d\xdf\xce\xb0", 4);
	pthread_mutex_lock(&disk.lock);
	if (last_was_record && disk.fail_writes > 0) {
		disk.fail_writes--;
		fails = true;
	}
	pthread_mutex_unlock(&disk.lock);
	if (!fails)
		return pwrite(fd, bytes, n, offset);
	errno = disk.write_errno;
	return -1;
}

static int disk_sync(int fd)
{
	bool fails = false, holds = true;

	if (last_was_record && disk.die_at_sync)
		_exit(9);
	while (last_was_record && holds) {
		pthread_mutex_lock(&disk.lock);
		holds = disk.hold_syncs;
		pthread_mutex_unlock(&disk.lock);
		usleep(holds ? 1000 : 0);
	}
	pthread_mutex_lock(&disk.lock);
	if (last_was_record && disk.fail_syncs > 0) {
		disk.fail_syncs--;
		fails = true;
	}
	pthread_mutex_unlock(&disk.lock);
	last_was_record = false;
	if (!fails)
		return fdatasync(fd);
	errno = disk.sync_errno;
	return -1;
}

static int disk_space(int fd, uint64_t *ret_free_bytes, uint64_t *ret_total_bytes)
{
	(void)fd;
	*ret_free_bytes = disk.free_bytes;
	*ret_total_bytes = (uint64_t)1 << 41;
	return 0;
}

static const struct spool_ops disk_ops = { disk_write_at, disk_sync, disk_space };

static char folder[256];

static void setup(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(folder, sizeof folder, "%s/spool-XXXXXX", base ? base : "/tmp");
	ck_assert(mkdtemp(folder) != NULL);
}

static void remove_tree(const char *path)
{
	char command[600];
	pid_t child = fork();

	snprintf(command, sizeof command, "%s", path);
	if (!child) {
		execlp("rm", "rm", "-rf", command, (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static void teardown(void)
{
	remove_tree(folder);
}

static struct spool_options small_options(void)
{
	struct spool_options options;

	spool_options_init(&options);
	options.segment_bytes = SMALL;
	options.quota_bytes = 64 * SMALL;
	options.min_free_bytes = 1;
	options.retention_ms = 0;
	options.retry_ms = 1;
	options.ops = &disk_ops;
	return options;
}

static struct spool_writer *open_writer(const struct spool_options *options)
{
	struct spool_writer *writer;

	ck_assert_int_eq(spool_writer_open(folder, options, &writer), ERR_OK);
	return writer;
}

static struct spool_reader *open_reader(uint64_t after)
{
	struct spool_reader *reader;

	ck_assert_int_eq(spool_reader_open(folder, &reader), ERR_OK);
	ck_assert_int_eq(spool_reader_seek(reader, after), ERR_OK);
	return reader;
}

static const struct envelope plain_envelope = { .source = SOURCE_IMPORT,
	.session_id = STR_INIT("s"),
	.peer = STR_INIT("p"),
	.helo = STR_INIT("h"),
	.reverse_path = STR_INIT(""),
	.envelope_id = STR_INIT(""),
	.stream = STR_INIT("") };

static struct str text_of(uint64_t number, char room[static 64])
{
	snprintf(room, 64, "message number %" PRIu64, number);
	return str_c(room);
}

static enum err try_append(struct spool_writer *writer, uint64_t number, uint64_t *ret_sequence)
{
	char room[64];

	return spool_append(writer, &plain_envelope, text_of(number, room), ret_sequence);
}

/* Appends the messages from..to, each of which gets its own number as sequence. */
static void append(struct spool_writer *writer, uint64_t from, uint64_t to)
{
	for (uint64_t number = from; number <= to; number++) {
		uint64_t sequence;

		ck_assert_int_eq(try_append(writer, number, &sequence), ERR_OK);
		ck_assert_uint_eq(sequence, number);
	}
}

static void expect_message(struct spool_reader *reader, uint64_t sequence, uint64_t number)
{
	struct spool_record record;
	char room[64];

	ck_assert_int_eq(spool_reader_next(reader, &record), ERR_OK);
	ck_assert_int_eq(record.kind, SPOOL_MESSAGE);
	ck_assert_uint_eq(record.sequence, sequence);
	ck_assert(str_eq(record.message, text_of(number, room)));
}

static void expect_messages(struct spool_reader *reader, uint64_t from, uint64_t to)
{
	for (uint64_t number = from; number <= to; number++)
		expect_message(reader, number, number);
}

static struct spool_record expect_damage(struct spool_reader *reader, uint64_t from, uint64_t to)
{
	struct spool_record record;

	ck_assert_int_eq(spool_reader_next(reader, &record), ERR_OK);
	ck_assert_int_eq(record.kind, SPOOL_DAMAGE);
	ck_assert_uint_eq(record.sequence, from);
	ck_assert_uint_eq(record.last_sequence, to);
	ck_assert_int_eq(record.aside, ERR_OK);
	return record;
}

static void expect_end(struct spool_reader *reader)
{
	struct spool_record record;

	ck_assert_int_eq(spool_reader_next(reader, &record), ERR_NOT_FOUND);
}

static void path_of(const char *name, char room[static 512])
{
	snprintf(room, 512, "%s/%s", folder, name);
}

static void segment_path(uint64_t first, char room[static 512])
{
	snprintf(room, 512, "%s/%020" PRIu64 ".seg", folder, first);
}

static bool segment_exists(uint64_t first)
{
	char path[512];

	segment_path(first, path);
	return !access(path, F_OK);
}

static int open_segment(uint64_t first)
{
	char path[512];
	int fd;

	segment_path(first, path);
	fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static void set_watermark(uint64_t sequence)
{
	char path[512];
	int fd;

	path_of("durable", path);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, &sequence, sizeof sequence, 0), sizeof sequence);
	close(fd);
}

/* Where each of n records of the first segment starts, and where the last ends. */
static void find_records(uint64_t n, uint64_t ret_places[static 16])
{
	struct spool_reader *reader = open_reader(0);
	struct spool_record record;

	for (uint64_t i = 0; i < n; i++) {
		ck_assert_int_eq(spool_reader_next(reader, &record), ERR_OK);
		ret_places[i] = record.offset;
		ret_places[i + 1] = record.offset + record.bytes;
	}
	spool_reader_close(reader);
}

START_TEST(what_was_appended_is_read)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader = open_reader(0);
	uint64_t id = spool_writer_id(writer);
	struct spool_stats stats;

	expect_end(reader);
	append(writer, 1, 100); /* over several segments */
	ck_assert_uint_eq(spool_reader_backlog(reader), 100);
	expect_messages(reader, 1, 100);
	expect_end(reader);
	ck_assert(segment_exists(1) && !segment_exists(2));
	spool_writer_stats(writer, &stats);
	ck_assert_uint_eq(stats.records, 100);
	ck_assert_uint_eq(stats.durable, 100);
	spool_writer_close(writer);

	writer = open_writer(&options);
	ck_assert_uint_eq(spool_writer_id(writer), id);
	ck_assert_uint_eq(spool_reader_id(reader), id);
	append(writer, 101, 120);
	expect_messages(reader, 101, 120);
	expect_end(reader);
	spool_writer_close(writer);
	spool_reader_close(reader);

	reader = open_reader(57);
	expect_messages(reader, 58, 120);
	expect_end(reader);
	spool_reader_close(reader);
}
END_TEST

START_TEST(envelope_comes_back)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader = open_reader(0);
	struct arena *arena = arena_new();
	struct str paths[2] = { STR("a@example.com"), STR("b@example.com") };
	struct envelope envelope = plain_envelope, again;
	struct spool_record record;
	uint64_t sequence;

	envelope.forward_paths = paths;
	envelope.n_forward_paths = 2;
	envelope.received_at_us = 1234567;
	ck_assert_int_eq(spool_append(writer, &envelope, STR("\0\r\n."), &sequence), ERR_OK);
	ck_assert_int_eq(spool_reader_next(reader, &record), ERR_OK);
	ck_assert(str_eq(record.message, STR("\0\r\n.")));
	ck_assert_int_eq(envelope_decode(arena, record.envelope, &again), ERR_OK);
	ck_assert_uint_eq(again.n_forward_paths, 2);
	ck_assert(str_eq(again.forward_paths[1], paths[1]));
	ck_assert_int_eq(again.received_at_us, 1234567);
	arena_free(arena);
	spool_writer_close(writer);
	spool_reader_close(reader);
}
END_TEST

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

START_TEST(a_lane_without_writer_is_not_found)
{
	struct spool_reader *reader;

	ck_assert_int_eq(spool_reader_open(folder, &reader), ERR_NOT_FOUND);
	remove_tree(folder);
	ck_assert_int_eq(spool_reader_open(folder, &reader), ERR_NOT_FOUND);
}
END_TEST

START_TEST(damaged_id_is_refused)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	char path[512];
	int fd;

	spool_writer_close(writer);
	path_of("lane.id", path);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, "zz", 2, 3), 2);
	close(fd);
	ck_assert_int_eq(spool_writer_open(folder, &options, &writer), ERR_CORRUPT);
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

START_TEST(a_record_fills_a_segment_and_no_more)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader = open_reader(0);
	struct buf encoded = BUF_INIT(4096);
	struct spool_record record;
	char text[SMALL];
	uint64_t sequence;
	size_t most;

	memset(text, 'x', sizeof text);
	envelope_encode(&plain_envelope, &encoded);
	most = spool_writer_max_bytes(writer) - encoded.n;
	ck_assert_int_eq(spool_writer_room(writer, spool_writer_max_bytes(writer)), ERR_OK);
	ck_assert_int_eq(spool_writer_room(writer, spool_writer_max_bytes(writer) + 1), ERR_LIMIT);
	ck_assert_int_eq(spool_append(writer, &plain_envelope, str_from(text, most + 1), &sequence),
		ERR_LIMIT);
	for (uint64_t i = 1; i <= 3; i++) {
		ck_assert_int_eq(
			spool_append(writer, &plain_envelope, str_from(text, most), &sequence),
			ERR_OK);
		ck_assert_uint_eq(sequence, i);
		ck_assert_int_eq(spool_reader_next(reader, &record), ERR_OK);
		ck_assert_uint_eq(record.message.n, most);
		ck_assert_uint_eq(record.bytes, SMALL);
	}
	spool_writer_close(writer);
	writer = open_writer(&options); /* the last segment is full: the next starts another */
	append(writer, 4, 4);
	expect_message(reader, 4, 4);
	buf_release(&encoded);
	spool_writer_close(writer);
	spool_reader_close(reader);
}
END_TEST

/* Zeros the last of three records from each byte on, as a power cut would: the rest is kept. */
START_TEST(torn_tail_is_left_out)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	char whole[SMALL], torn[SMALL], room[64];
	uint64_t places[16];
	int fd;

	append(writer, 1, 3);
	spool_writer_close(writer);
	find_records(3, places);
	fd = open_segment(1);
	ck_assert_int_eq(pread(fd, whole, SMALL, 0), SMALL);
	for (uint64_t cut = places[2]; cut < places[3]; cut++) {
		struct spool_reader *reader;
		uint64_t sequence;
		bool same;

		memcpy(torn, whole, SMALL);
		memset(torn + cut, 0, SMALL - cut);
		same = !memcmp(torn, whole, SMALL); /* the rest was padding */
		ck_assert_int_eq(pwrite(fd, torn, SMALL, 0), SMALL);
		set_watermark(2);
		reader = open_reader(0);
		expect_messages(reader, 1, 2);
		expect_end(reader); /* not durable as far as anybody knows */
		writer = open_writer(&options);
		if (same)
			expect_message(reader, 3, 3);
		ck_assert_int_eq(
			spool_append(writer, &plain_envelope, text_of(77, room), &sequence),
			ERR_OK);
		ck_assert_uint_eq(sequence, same ? 4 : 3);
		expect_message(reader, sequence, 77);
		expect_end(reader);
		spool_writer_close(writer);
		spool_reader_close(reader);
	}
	close(fd);
}
END_TEST

START_TEST(every_flipped_bit_is_found)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	uint64_t places[16];
	char whole[SMALL];
	int fd;

	append(writer, 1, 3);
	spool_writer_close(writer);
	find_records(3, places);
	fd = open_segment(1);
	ck_assert_int_eq(pread(fd, whole, SMALL, 0), SMALL);
	for (uint64_t bit = 0; bit < places[3] * 8; bit++) {
		uint64_t bad = bit / 8 < places[1] ? 1 : bit / 8 < places[2] ? 2 : 3;
		struct spool_reader *reader = open_reader(0);
		struct spool_record record;
		char byte = (char)(whole[bit / 8] ^ (1 << bit % 8));

		ck_assert_int_eq(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
		if (bad > 1)
			expect_messages(reader, 1, bad - 1);
		record = expect_damage(reader, bad, bad);
		ck_assert_uint_eq(record.offset, places[bad - 1]);
		ck_assert_uint_le(record.bytes, places[bad] - places[bad - 1]);
		ck_assert_uint_ge(record.bytes + RECORD_ALIGN, places[bad] - places[bad - 1]);
		if (bad < 3)
			expect_messages(reader, bad + 1, 3);
		expect_end(reader);
		spool_reader_close(reader);
		ck_assert_int_eq(pwrite(fd, whole + bit / 8, 1, (off_t)(bit / 8)), 1);
	}
	close(fd);
}
END_TEST

START_TEST(damage_is_set_aside_and_never_overwritten)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader;
	struct spool_record record;
	uint64_t places[16];
	char path[512], aside[SMALL], before[SMALL], name[64];
	int fd;

	append(writer, 1, 3);
	spool_writer_close(writer);
	find_records(3, places);
	fd = open_segment(1);
	ck_assert_int_eq(pwrite(fd, "!", 1, (off_t)places[3] - 12), 1);
	ck_assert_int_eq(pread(fd, before, SMALL, 0), SMALL);
	writer = open_writer(&options); /* record 3 was durable: its bytes stay */
	append(writer, 4, 5);
	ck_assert(segment_exists(4));
	ck_assert_int_eq(pread(fd, aside, SMALL, 0), SMALL);
	ck_assert(!memcmp(aside, before, SMALL));
	reader = open_reader(0);
	expect_messages(reader, 1, 2);
	record = expect_damage(reader, 3, 3);
	snprintf(name, sizeof name, "damaged/%020d-%" PRIu64, 1, record.offset);
	path_of(name, path);
	close(fd);
	fd = open(path, O_RDONLY);
	ck_assert_int_eq(read(fd, aside, SMALL), (ssize_t)record.bytes);
	ck_assert(!memcmp(aside, before + record.offset, record.bytes));
	expect_messages(reader, 4, 5);
	expect_end(reader);
	close(fd);
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

START_TEST(a_damaged_header_before_hostile_text)
{
	struct spool_options options = small_options();
	struct spool_writer *writer;
	struct spool_reader *reader;
	char *text = malloc(1 << 20);
	uint64_t sequence;
	int fd;

	options.segment_bytes = 2 << 20;
	options.quota_bytes = 8 << 20;
	for (size_t i = 0; i < 1 << 20; i += 8) /* magic numbers, each followed by a huge length */
		memcpy(text + i, "\x1d\xdf\xce\xb0\x01\0\0\0", 8);
	writer = open_writer(&options);
	ck_assert_int_eq(
		spool_append(writer, &plain_envelope, str_from(text, 1 << 20), &sequence), ERR_OK);
	append(writer, 2, 2);
	fd = open_segment(1);
	ck_assert_int_eq(pwrite(fd, "?", 1, 17), 1);
	close(fd);
	reader = open_reader(0);
	expect_damage(reader, 1, 1);
	expect_message(reader, 2, 2);
	expect_end(reader);
	spool_reader_close(reader);
	spool_writer_close(writer);
	free(text);
}
END_TEST

START_TEST(a_missing_segment_is_told)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader;
	uint64_t firsts[64];
	size_t n = 0;
	char path[512];

	append(writer, 1, 150);
	spool_writer_close(writer);
	for (uint64_t i = 1; i <= 150; i++)
		if (segment_exists(i))
			firsts[n++] = i;
	ck_assert_uint_ge(n, 4);
	segment_path(firsts[2], path);
	ck_assert(!unlink(path));
	reader = open_reader(0);
	expect_messages(reader, 1, firsts[2] - 1);
	expect_damage(reader, firsts[2], firsts[3] - 1);
	expect_messages(reader, firsts[3], 150);
	expect_end(reader);
	spool_reader_close(reader);

	segment_path(firsts[0], path);
	ck_assert(!unlink(path));
	reader = open_reader(0);
	ck_assert_uint_eq(expect_damage(reader, 1, firsts[1] - 1).bytes, 0);
	expect_messages(reader, firsts[1], firsts[2] - 1);
	spool_reader_close(reader);
}
END_TEST

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

START_TEST(a_reader_is_woken)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader = open_reader(0);
	struct pollfd wait = { .fd = spool_reader_fd(reader), .events = POLLIN };

	ck_assert_int_ge(wait.fd, 0);
	ck_assert_int_eq(poll(&wait, 1, 0), 0);
	append(writer, 1, 1);
	ck_assert_int_eq(poll(&wait, 1, 30000), 1);
	spool_reader_drain(reader);
	ck_assert_int_eq(poll(&wait, 1, 0), 0);
	expect_message(reader, 1, 1);
	spool_reader_close(reader);
	spool_writer_close(writer);
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

START_TEST(a_record_of_another_lane_is_damage)
{
	struct buf out = BUF_INIT(4096);
	struct record record;
	size_t n = record_put(&out, &plain_envelope, STR("text"));
	uint64_t bytes;

	ck_assert_uint_eq(n, out.n);
	ck_assert_uint_eq(n % RECORD_ALIGN, 0);
	record_seal(out.p, record_seed(1, 2), 3, 4);
	ck_assert_int_eq(record_read(buf_str(&out), record_seed(1, 2), &record), RECORD_WHOLE);
	ck_assert_uint_eq(record.sequence, 3);
	ck_assert_int_eq(record.stored_at_us, 4);
	ck_assert_int_eq(record_read(buf_str(&out), record_seed(2, 2), &record), RECORD_BAD);
	ck_assert_int_eq(record_read(buf_str(&out), record_seed(1, 3), &record), RECORD_BAD);
	for (size_t cut = RECORD_HEADER_BYTES; cut < n; cut++)
		ck_assert_int_eq(
			record_read(str_head(buf_str(&out), cut), record_seed(1, 2), &record),
			RECORD_SHORT);
	ck_assert_int_eq(record_peek(buf_str(&out), record_seed(1, 2), &bytes), RECORD_SHORT);
	ck_assert_uint_eq(bytes, n);
	buf_release(&out);
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
	Suite *suite = suite_create("spool");
	TCase *tcase = tcase_create("spool");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_was_appended_is_read);
	tcase_add_test(tcase, envelope_comes_back);
	tcase_add_test(tcase, a_lane_has_one_writer);
	tcase_add_test(tcase, a_lane_without_writer_is_not_found);
	tcase_add_test(tcase, damaged_id_is_refused);
	tcase_add_test(tcase, options_have_limits);
	tcase_add_test(tcase, a_record_fills_a_segment_and_no_more);
	tcase_add_test(tcase, torn_tail_is_left_out);
	tcase_add_test(tcase, every_flipped_bit_is_found);
	tcase_add_test(tcase, damage_is_set_aside_and_never_overwritten);
	tcase_add_test(tcase, a_damaged_header_before_hostile_text);
	tcase_add_test(tcase, a_missing_segment_is_told);
	tcase_add_test(tcase, quota_refuses_until_segments_go);
	tcase_add_test(tcase, only_whole_committed_segments_go);
	tcase_add_test(tcase, little_free_space_refuses);
	tcase_add_loop_test(tcase, a_failed_batch_is_never_acknowledged, 0, 2 * ARRAY_LEN(faults));
	tcase_add_test(tcase, two_failures_stop_the_writer_for_a_while);
	tcase_add_test(tcase, killed_between_write_and_sync);
	tcase_add_test(tcase, recovery_fails_where_the_disk_still_fails);
	tcase_add_test(tcase, waiting_records_share_a_sync);
	tcase_add_test(tcase, closing_commits_what_waits);
	tcase_add_test(tcase, a_reader_is_woken);
	tcase_add_test(tcase, threads_append_at_once);
	tcase_add_test(tcase, a_record_of_another_lane_is_damage);
	tcase_add_test(tcase, states_have_names);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
