// links: spool
// Check program of spool/: records, reading, recovery and damage.
#include "spool/backlog.h"
#include "tests/support/spool_fixture.h"
#include "tests/support/suite.h"

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

START_TEST(whoever_watches_sees_what_waits)
{
	struct spool_options options = small_options();
	struct spool_backlog backlog;
	struct spool_writer *writer;
	struct spool_reader *reader;

	ck_assert_int_eq(spool_backlog(folder, &backlog), ERR_NOT_FOUND);
	writer = open_writer(&options);
	ck_assert_int_eq(spool_backlog(folder, &backlog), ERR_OK);
	ck_assert_uint_eq(backlog.id, spool_writer_id(writer));
	ck_assert_uint_eq(backlog.durable + backlog.committed, 0);
	append(writer, 1, 3);
	reader = open_reader(0);
	spool_reader_publish(reader, 2);
	ck_assert_int_eq(spool_backlog(folder, &backlog), ERR_OK);
	ck_assert_uint_eq(backlog.durable, 3);
	ck_assert_uint_eq(backlog.committed, 2);
	ck_assert_uint_eq(backlog.waiting, 1);
	ck_assert_uint_eq(backlog.counters[COUNTER_MESSAGES], 0);
	spool_writer_set_counter(writer, COUNTER_MESSAGES, 77);
	ck_assert_int_eq(spool_backlog(folder, &backlog), ERR_OK);
	ck_assert_uint_eq(backlog.counters[COUNTER_MESSAGES], 77);
	spool_writer_close(writer);
	writer = open_writer(&options); /* they are of one run */
	ck_assert_int_eq(spool_backlog(folder, &backlog), ERR_OK);
	ck_assert_uint_eq(backlog.counters[COUNTER_MESSAGES], 0);
	ck_assert_uint_eq(backlog.durable, 3);
	spool_reader_publish(
		reader, 10); /* a lane that was set back: nothing waits, and not 2^64 - 7 */
	ck_assert_int_eq(spool_backlog(folder, &backlog), ERR_OK);
	ck_assert_uint_eq(backlog.waiting, 0);
	spool_reader_close(reader);
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

/* A store to a page that has no block yet is the end of the process where the disk is full. */
START_TEST(pages_have_their_blocks_from_the_start)
{
	static const char *const pages[] = { "durable", "committed" };
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	char path[512];
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(pages); i++) {
		path_of(pages[i], path);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_int_ge(st.st_size, 4096);
		ck_assert_int_gt(st.st_blocks, 0);
	}
	spool_writer_close(writer);
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

/* Any range of any segment overwritten with anything: what was not touched is read, every sequence
 * comes once, as a message or as damage. */
START_TEST(random_damage_loses_only_what_it_hit)
{
	enum { RECORDS = 60, ROUNDS = 120 };
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_record where[RECORDS + 1], record;
	struct spool_reader *reader;
	char saved[600], noise[600];
	uint32_t random = 12345;

	append(writer, 1, RECORDS);
	spool_writer_close(writer);
	reader = open_reader(0);
	for (uint64_t i = 1; i <= RECORDS; i++)
		ck_assert_int_eq(spool_reader_next(reader, &where[i]), ERR_OK);
	spool_reader_close(reader);
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t victim = 1 + (random = random * 1103515245 + 12345) % RECORDS, next = 1;
		uint64_t from = where[victim].offset + (random >> 8) % where[victim].bytes;
		uint64_t n = 1 + (random >> 16) % sizeof noise;
		int fd = open_segment(where[victim].segment);

		n = n > SMALL - from ? SMALL - from : n;
		for (size_t i = 0; i < n; i++)
			noise[i] = round % 3 ? (char)((random = random * 1103515245 + 12345) >> 16)
					     : '\0';
		ck_assert_int_eq(pread(fd, saved, n, (off_t)from), (ssize_t)n);
		ck_assert_int_eq(pwrite(fd, noise, n, (off_t)from), (ssize_t)n);
		reader = open_reader(0);
		while (!spool_reader_next(reader, &record)) {
			ck_assert_uint_eq(record.sequence, next);
			next = record.last_sequence + 1;
			if (record.kind == SPOOL_MESSAGE)
				continue;
			for (uint64_t i = record.sequence; i < next; i++)
				ck_assert(where[i].segment == where[victim].segment &&
					  where[i].offset < from + n &&
					  where[i].offset + where[i].bytes > from);
		}
		ck_assert_uint_eq(next, RECORDS + 1);
		spool_reader_close(reader);
		ck_assert_int_eq(pwrite(fd, saved, n, (off_t)from), (ssize_t)n);
		close(fd);
	}
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

int main(void)
{
	Suite *suite = suite_create("spool");
	TCase *tcase = tcase_create("spool");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_was_appended_is_read);
	tcase_add_test(tcase, envelope_comes_back);
	tcase_add_test(tcase, whoever_watches_sees_what_waits);
	tcase_add_test(tcase, a_lane_without_writer_is_not_found);
	tcase_add_test(tcase, pages_have_their_blocks_from_the_start);
	tcase_add_test(tcase, damaged_id_is_refused);
	tcase_add_test(tcase, a_record_fills_a_segment_and_no_more);
	tcase_add_test(tcase, torn_tail_is_left_out);
	tcase_add_test(tcase, every_flipped_bit_is_found);
	tcase_add_test(tcase, damage_is_set_aside_and_never_overwritten);
	tcase_add_test(tcase, a_damaged_header_before_hostile_text);
	tcase_add_test(tcase, random_damage_loses_only_what_it_hit);
	tcase_add_test(tcase, a_missing_segment_is_told);
	tcase_add_test(tcase, a_reader_is_woken);
	tcase_add_test(tcase, a_record_of_another_lane_is_damage);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
