/* tests/support/spool_fixture.h -- a lane in a temporary folder, and a disk that fails when told to:
 * shared by the Check programs of spool/. */
#pragma once
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

static UNUSED ssize_t disk_write_at(int fd, const void *bytes, size_t n, off_t offset)
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

static UNUSED int disk_sync(int fd)
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

static UNUSED int disk_space(int fd, uint64_t *ret_free_bytes, uint64_t *ret_total_bytes)
{
	(void)fd;
	*ret_free_bytes = disk.free_bytes;
	*ret_total_bytes = (uint64_t)1 << 41;
	return 0;
}

static const struct spool_ops disk_ops = { disk_write_at, disk_sync, disk_space };

static char folder[256];

static UNUSED void setup(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(folder, sizeof folder, "%s/spool-XXXXXX", base ? base : "/tmp");
	ck_assert(mkdtemp(folder) != NULL);
}

static UNUSED void remove_tree(const char *path)
{
	pid_t child = fork();

	if (!child) {
		execlp("rm", "rm", "-rf", path, (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static UNUSED void teardown(void)
{
	remove_tree(folder);
}

static UNUSED struct spool_options small_options(void)
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

static UNUSED struct spool_writer *open_writer(const struct spool_options *options)
{
	struct spool_writer *writer;

	ck_assert_int_eq(spool_writer_open(folder, options, &writer), ERR_OK);
	return writer;
}

static UNUSED struct spool_reader *open_reader(uint64_t after)
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

static UNUSED struct str text_of(uint64_t number, char room[static 64])
{
	snprintf(room, 64, "message number %" PRIu64, number);
	return str_c(room);
}

static UNUSED enum err try_append(
	struct spool_writer *writer, uint64_t number, uint64_t *ret_sequence)
{
	char room[64];

	return spool_append(writer, &plain_envelope, text_of(number, room), ret_sequence);
}

/* Appends the messages from..to, each of which gets its own number as sequence. */
static UNUSED void append(struct spool_writer *writer, uint64_t from, uint64_t to)
{
	for (uint64_t number = from; number <= to; number++) {
		uint64_t sequence;

		ck_assert_int_eq(try_append(writer, number, &sequence), ERR_OK);
		ck_assert_uint_eq(sequence, number);
	}
}

static UNUSED void expect_message(struct spool_reader *reader, uint64_t sequence, uint64_t number)
{
	struct spool_record record;
	char room[64];

	ck_assert_int_eq(spool_reader_next(reader, &record), ERR_OK);
	ck_assert_int_eq(record.kind, SPOOL_MESSAGE);
	ck_assert_uint_eq(record.sequence, sequence);
	ck_assert(str_eq(record.message, text_of(number, room)));
}

static UNUSED void expect_messages(struct spool_reader *reader, uint64_t from, uint64_t to)
{
	for (uint64_t number = from; number <= to; number++)
		expect_message(reader, number, number);
}

static UNUSED struct spool_record expect_damage(
	struct spool_reader *reader, uint64_t from, uint64_t to)
{
	struct spool_record record;

	ck_assert_int_eq(spool_reader_next(reader, &record), ERR_OK);
	ck_assert_int_eq(record.kind, SPOOL_DAMAGE);
	ck_assert_uint_eq(record.sequence, from);
	ck_assert_uint_eq(record.last_sequence, to);
	ck_assert_int_eq(record.aside, ERR_OK);
	return record;
}

static UNUSED void expect_end(struct spool_reader *reader)
{
	struct spool_record record;

	ck_assert_int_eq(spool_reader_next(reader, &record), ERR_NOT_FOUND);
}

static UNUSED void path_of(const char *name, char room[static 512])
{
	snprintf(room, 512, "%s/%s", folder, name);
}

static UNUSED void segment_path(uint64_t first, char room[static 512])
{
	snprintf(room, 512, "%s/%020" PRIu64 ".seg", folder, first);
}

static UNUSED bool segment_exists(uint64_t first)
{
	char path[512];

	segment_path(first, path);
	return !access(path, F_OK);
}

static UNUSED int open_segment(uint64_t first)
{
	char path[512];
	int fd;

	segment_path(first, path);
	fd = open(path, O_RDWR);
	ck_assert_int_ge(fd, 0);
	return fd;
}

static UNUSED void set_watermark(uint64_t sequence)
{
	char path[512];
	int fd;

	path_of("durable", path);
	fd = open(path, O_WRONLY);
	ck_assert_int_eq(pwrite(fd, &sequence, sizeof sequence, 0), sizeof sequence);
	close(fd);
}

/* Where each of n records of the first segment starts, and where the last ends. */
static UNUSED void find_records(uint64_t n, uint64_t ret_places[static 16])
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
