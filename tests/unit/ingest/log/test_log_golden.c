// links: ingest/log
// Check program of ingest/log: each log of tests/golden-log against what is read of it, which stands beside it. The name up
// to the first '-' is the format. GOLDEN_UPDATE=1 rewrites the results; the difference is then reviewed like code.
#include "ingest/log/log_reader.h"

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN TEST_SOURCE_DIR "/tests/golden-log/"

enum { OUT_BYTES = 1 << 20, STATE_BYTES = 1 << 20 };

static glob_t logs;
static const struct log_clock clock_of_2026 = {
	.newest_us = INT64_C(1798675200000000) /* 2026-12-31 */
};

static struct buf read_file(const char *path)
{
	struct buf bytes = BUF_INIT(1u << 22);
	FILE *file = fopen(path, "rb");
	char part[4096];
	size_t n;

	while (file && (n = fread(part, 1, sizeof part, file)) > 0)
		buf_put(&bytes, str_from(part, n));
	if (file)
		fclose(file);
	return bytes;
}

static void put_field(struct buf *out, const char *name, struct str value)
{
	if (value.n)
		buf_printf(out, " %s=%.*s", name, STR_ARG(value));
}

static void put_time(struct buf *out, const char *name, int64_t at_us)
{
	char room[TIMESTAMP_TEXT_BYTES];

	if (at_us != TIMESTAMP_NONE)
		put_field(out, name, timestamp_format(at_us, room));
}

static void write_delivery(void *context, const struct delivery *d)
{
	static const char *const outcomes[] = { "accepted", "deferred", "failed" };
	char room[TIMESTAMP_TEXT_BYTES];
	struct buf *out = context;

	buf_printf(out, "%.*s %s%s%s %.*s\n   ", STR_ARG(timestamp_format(d->at_us, room)),
		d->counted ? "counted" : outcomes[d->outcome], d->again ? " again" : "",
		d->expired ? " expired" : "", STR_ARG(d->counted ? d->domain : d->recipient));
	if (d->counted)
		buf_printf(out, " attempted=%zu accepted=%zu deferred=%zu", (size_t)d->attempted,
			(size_t)d->accepted, (size_t)d->deferred);
	put_field(out, "sender", d->sender);
	if (!str_eq(d->recipient, d->final_recipient))
		put_field(out, "final", d->final_recipient);
	put_field(out, "id", d->queue_id);
	put_field(out, "message_id", d->message_id);
	put_field(out, "stream", d->stream);
	put_field(out, "campaign", d->campaign);
	put_time(out, "sent", d->sent_at_us);
	put_field(out, "mta", d->remote_mta);
	put_field(out, "status", d->status);
	put_field(out, "command", d->command);
	if (d->reply.n)
		buf_printf(out, "\n    %.*s", STR_ARG(d->reply));
	buf_putc(out, '\n');
	ck_assert(d->sender.n && d->domain.n);
}

static void write_counts(const struct log_reader *reader, struct buf *out)
{
	const uint64_t *counts = log_reader_counts(reader);

	for (int i = 0; i < LOG_COUNT_COUNT; i++)
		if (counts[i])
			buf_printf(out, "%zu %s\n", (size_t)counts[i],
				log_count_sentence((enum log_count)i));
}

static enum log_format format_of(const char *path)
{
	struct str name = str_skip(str_c(path), sizeof GOLDEN - 1);
	enum log_format format;

	ck_assert_msg(
		log_format_from_name(str_head(name, str_cspan(name, "-.")), &format), "%s", path);
	return format;
}

/* Feeds pieces of so many bytes, what was not taken again with the next one. */
static void read_in_pieces(enum log_format format, struct str bytes, size_t piece, struct buf *out)
{
	struct log_reader *reader = log_reader_new(format, &clock_of_2026, write_delivery, out);
	size_t taken = 0, given = 0;

	while (given < bytes.n) {
		given = given + piece < bytes.n ? given + piece : bytes.n;
		taken += log_reader_feed(reader, str_slice(bytes, taken, given));
	}
	log_reader_end(reader, str_skip(bytes, taken));
	write_counts(reader, out);
	log_reader_free(reader);
}

static struct str json_path(const char *path, char room[static 4096])
{
	struct str log = str_c(path);

	return str_from(
		room, (size_t)snprintf(room, 4096, "%.*s.read", STR_ARG(str_head(log, log.n - 4))));
}

START_TEST(log_is_read_as_it_was)
{
	for (size_t i = 0; i < logs.gl_pathc; i++) {
		struct buf bytes = read_file(logs.gl_pathv[i]), got = BUF_INIT(OUT_BYTES), want;
		char room[4096];

		json_path(logs.gl_pathv[i], room);
		read_in_pieces(format_of(logs.gl_pathv[i]), buf_str(&bytes), bytes.n, &got);
		if (getenv("GOLDEN_UPDATE")) {
			FILE *file = fopen(room, "wb");

			ck_assert_uint_eq(fwrite(got.p, 1, got.n, file), got.n);
			fclose(file);
		}
		want = read_file(room);
		ck_assert_msg(str_eq(buf_str(&got), buf_str(&want)), "%s is not what it was:\n%.*s",
			room, STR_ARG(buf_str(&got)));
		buf_release(&bytes);
		buf_release(&got);
		buf_release(&want);
	}
}
END_TEST

START_TEST(pieces_do_not_matter)
{
	static const size_t pieces[] = { 1, 7, 100, 4096 };

	for (size_t i = 0; i < logs.gl_pathc; i++) {
		struct buf bytes = read_file(logs.gl_pathv[i]), whole = BUF_INIT(OUT_BYTES);

		read_in_pieces(format_of(logs.gl_pathv[i]), buf_str(&bytes), bytes.n, &whole);
		for (size_t n = 0; n < ARRAY_LEN(pieces); n++) {
			struct buf got = BUF_INIT(OUT_BYTES);

			read_in_pieces(
				format_of(logs.gl_pathv[i]), buf_str(&bytes), pieces[n], &got);
			ck_assert_msg(str_eq(buf_str(&got), buf_str(&whole)), "%s in pieces of %zu",
				logs.gl_pathv[i], pieces[n]);
			buf_release(&got);
		}
		buf_release(&whole);
		buf_release(&bytes);
	}
}
END_TEST

/* Reads up to a byte, saves, goes on with another reader: the deliveries are the same. */
static void read_with_a_break(enum log_format format, struct str bytes, size_t at, struct buf *out)
{
	struct log_reader *first = log_reader_new(format, &clock_of_2026, write_delivery, out);
	struct log_reader *second = log_reader_new(format, &clock_of_2026, write_delivery, out);
	struct buf state = BUF_INIT(STATE_BYTES);
	size_t taken = log_reader_feed(first, str_head(bytes, at));

	log_reader_save(first, STATE_BYTES, &state);
	ck_assert_int_eq(log_reader_load(second, buf_str(&state)), ERR_OK);
	ck_assert_uint_eq(log_reader_offset(second), taken);
	log_reader_feed(second, str_skip(bytes, taken));
	buf_release(&state);
	log_reader_free(first);
	log_reader_free(second);
}

START_TEST(another_reader_goes_on)
{
	for (size_t i = 0; i < logs.gl_pathc; i++) {
		struct buf bytes = read_file(logs.gl_pathv[i]), whole = BUF_INIT(OUT_BYTES);

		read_with_a_break(format_of(logs.gl_pathv[i]), buf_str(&bytes), 0, &whole);
		for (size_t at = 0; at < bytes.n; at += 1 + bytes.n / 200) {
			struct buf got = BUF_INIT(OUT_BYTES);

			read_with_a_break(format_of(logs.gl_pathv[i]), buf_str(&bytes), at, &got);
			ck_assert_msg(str_eq(buf_str(&got), buf_str(&whole)),
				"%s with a break at %zu", logs.gl_pathv[i], at);
			buf_release(&got);
		}
		buf_release(&whole);
		buf_release(&bytes);
	}
}
END_TEST

START_TEST(format_is_guessed)
{
	for (size_t i = 0; i < logs.gl_pathc; i++) {
		struct buf bytes = read_file(logs.gl_pathv[i]);
		enum log_format format;

		ck_assert_msg(log_format_guess(buf_str(&bytes), &format), "%s", logs.gl_pathv[i]);
		ck_assert_msg(format == format_of(logs.gl_pathv[i]), "%s: %.*s", logs.gl_pathv[i],
			STR_ARG(log_format_name(format)));
		buf_release(&bytes);
	}
}
END_TEST

START_TEST(no_log_is_no_format)
{
	enum log_format format;

	ck_assert(!log_format_guess(STR("once upon a time\n{\"there\":1}\na,b,c\n"), &format));
	ck_assert(!log_format_guess(STR_EMPTY, &format));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log_golden");
	TCase *tests = tcase_create("golden");
	SRunner *runner;
	int failed;

	if (glob(GOLDEN "*.log", 0, NULL, &logs))
		return EXIT_FAILURE;
	tcase_set_timeout(tests, 240);
	tcase_add_test(tests, log_is_read_as_it_was);
	tcase_add_test(tests, pieces_do_not_matter);
	tcase_add_test(tests, another_reader_goes_on);
	tcase_add_test(tests, format_is_guessed);
	tcase_add_test(tests, no_log_is_no_format);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	globfree(&logs);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
