// links: ingest/logfile
// Check program of ingest/logfile: files plain and compressed, that grow, are cut short, damaged; names that rotation makes.
#include "core/buf.h"
#include "core/timestamp.h"
#include "ingest/logfile/log_family.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void make_folder(void)
{
	snprintf(folder, sizeof folder, "/tmp/bounced-log-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_folder(void)
{
	char command[128];

	snprintf(command, sizeof command, "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0); /* NOLINT: a test's own folder */
}

static void run(const char *format, ...) PRINTF_LIKE(1, 2);
static void run(const char *format, ...)
{
	char command[512], whole[640];
	va_list args;

	va_start(args, format);
	vsnprintf(command, sizeof command, format, args);
	va_end(args);
	snprintf(whole, sizeof whole, "cd %s && %s", folder, command);
	ck_assert_int_eq(system(whole), 0);
}

static const char *path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static struct log_file *open_file(const char *name)
{
	struct log_file *file;

	ck_assert_int_eq(log_file_open(path_of(name), &file), ERR_OK);
	return file;
}

/* All that there is now, by pieces of so many bytes. */
static enum err read_all(struct log_file *file, size_t piece, struct buf *out)
{
	char room[4096];
	enum err err;
	size_t n;

	while (!(err = log_file_read(file, room, piece, &n)) && n)
		buf_put(out, str_from(room, n));
	return err;
}

START_TEST(files_are_read)
{
	static const char *const names[] = { "plain", "a.gz", "a.zst", "two.gz", "two.zst",
		"padded.gz" };
	static const size_t pieces[] = { 1, 100, 4096 };

	run("seq 1 20000 > plain && gzip -c plain > a.gz && zstd -qc plain > a.zst");
	run("head -n 100 plain > h && tail -n +101 plain > t && (gzip -c h; gzip -c t) > two.gz && "
	    "(zstd -qc h; zstd -qc t) > two.zst");
	run("cp a.gz padded.gz && head -c 1000 /dev/zero >> padded.gz");
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t p = 0; p < ARRAY_LEN(pieces); p++) {
			struct buf want = BUF_INIT(1 << 20), got = BUF_INIT(1 << 20);
			struct log_file *file = open_file("plain");
			uint64_t done, total;

			ck_assert_int_eq(read_all(file, 4096, &want), ERR_OK);
			log_file_close(file);
			file = open_file(names[i]);
			ck_assert_int_eq(read_all(file, pieces[p], &got), ERR_OK);
			ck_assert_msg(str_eq(buf_str(&got), buf_str(&want)),
				"%s by %zu: %zu of %zu", names[i], pieces[p], got.n, want.n);
			log_file_progress(file, &done, &total);
			ck_assert_uint_eq(done, total);
			ck_assert(!log_file_replaced(file) && log_file_cut(file) == (i == 0));
			log_file_close(file);
			buf_release(&want);
			buf_release(&got);
		}
}
END_TEST

/* Each file in two parts, the second written when the first is read. */
START_TEST(files_that_grow)
{
	static const char *const names[] = { "plain", "a.gz", "a.zst" };

	run("seq 1 20000 > plain && gzip -c plain > a.gz && zstd -qc plain > a.zst");
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct buf got = BUF_INIT(1 << 20);
		struct log_file *file;

		run("head -c 3 %s > growing", names[i]);
		file = open_file("growing");
		ck_assert_int_eq(read_all(file, 4096, &got), ERR_OK);
		run("head -c 9000 %s | tail -c +4 >> growing", names[i]);
		ck_assert_int_eq(read_all(file, 4096, &got), ERR_OK);
		ck_assert(log_file_cut(file));
		run("tail -c +9001 %s >> growing", names[i]);
		ck_assert_int_eq(read_all(file, 4096, &got), ERR_OK);
		ck_assert_uint_eq(got.n, 108894);
		log_file_close(file);
		buf_release(&got);
	}
}
END_TEST

START_TEST(files_that_are_no_good)
{
	struct buf got = BUF_INIT(1 << 20);
	struct log_file *file;

	ck_assert_int_eq(log_file_open(path_of("nothing"), &file), ERR_NOT_FOUND);
	ck_assert_int_eq(log_file_open(folder, &file), ERR_RANGE);
	run("seq 1 20000 | gzip -c > a.gz && (head -c 9000 a.gz; echo rubbish; tail -c 9000 a.gz) "
	    "> bad.gz");
	file = open_file("bad.gz");
	ck_assert_int_eq(read_all(file, 4096, &got), ERR_SYNTAX);
	ck_assert(got.n > 1000 && str_starts(buf_str(&got), STR("1\n2\n3\n")));
	ck_assert_int_eq(read_all(file, 4096, &got), ERR_SYNTAX);
	log_file_close(file);
	run("seq 1 20000 | zstd -qc > a.zst && (head -c 20000 a.zst; echo rubbish; tail -c 20000 "
	    "a.zst) > bad.zst");
	file = open_file("bad.zst");
	ck_assert_int_eq(read_all(file, 4096, &got), ERR_SYNTAX);
	log_file_close(file);
	buf_release(&got);
}
END_TEST

START_TEST(file_that_is_made_shorter)
{
	struct buf got = BUF_INIT(1 << 20);
	struct log_file *file;

	run("seq 1 100 > log");
	file = open_file("log");
	ck_assert_int_eq(read_all(file, 4096, &got), ERR_OK);
	ck_assert(!log_file_replaced(file));
	run(": > log && echo 1 >> log");
	ck_assert(log_file_replaced(file));
	log_file_close(file);
	buf_release(&got);
}
END_TEST

START_TEST(names_of_rotation)
{
	static const struct {
		const char *other;
		bool has;
	} rows[] = { { "mail.log", true }, { "mail.log.1", true }, { "mail.log.2.gz", true },
		{ "mail.log-20261129", true }, { "mail.log-20261129.zst", true },
		{ "mail.log.2026-11-29", true }, { "mail.log.gz", false },
		{ "mail.log.bak", false }, { "mail.logs", false }, { "mail.log.1.bak", false },
		{ "mail.err", false }, { "mail.log-20261129-1795900000.gz", true } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(log_family_has(STR("mail.log"), str_c(rows[i].other)) == rows[i].has,
			"%s", rows[i].other);
	ck_assert(log_family_has(STR_EMPTY, STR("20261129-000000.123")));
	ck_assert(!log_family_has(STR_EMPTY, STR(".hidden")));
}
END_TEST

static void check_family(const char *path, int64_t since_us, const char *want)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct buf got = BUF_INIT(4096);
	struct log_member *members;
	size_t n;

	ck_assert_int_eq(log_family(arena, str_c(path), since_us, &members, &n), ERR_OK);
	for (size_t i = 0; i < n; i++)
		buf_printf(&got, "%.*s ",
			STR_ARG(str_skip(members[i].path, str_rchr(members[i].path, '/') + 1)));
	ck_assert_msg(str_eq(buf_str(&got), str_c(want)), "%.*s", STR_ARG(buf_str(&got)));
	buf_release(&got);
}

START_TEST(family_is_found_in_its_order)
{
	run("touch -d '2026-11-01 00:00 UTC' mail.log.3.gz && touch -d '2026-11-02 00:00 UTC' "
	    "mail.log.2.gz");
	run("touch -d '2026-11-03 00:00 UTC' mail.log.1 mail.log mail.err && mkdir mail.log.9");
	check_family(
		path_of("mail.log"), INT64_MIN, "mail.log.3.gz mail.log.2.gz mail.log.1 mail.log ");
	check_family(path_of("mail.log"), timestamp_days(2026, 11, 2) * TIMESTAMP_DAY_US,
		"mail.log.2.gz mail.log.1 mail.log ");
	check_family(path_of("mail.log"), INT64_MAX, "mail.log ");
	check_family(path_of("other.log"), INT64_MIN, "");
	run("rm -r mail.log.9");
	check_family(
		folder, INT64_MIN, "mail.log.3.gz mail.log.2.gz mail.log.1 mail.log mail.err ");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log_file");
	TCase *tests = tcase_create("file");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, make_folder, remove_folder);
	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, files_are_read);
	tcase_add_test(tests, files_that_grow);
	tcase_add_test(tests, files_that_are_no_good);
	tcase_add_test(tests, file_that_is_made_shorter);
	tcase_add_test(tests, names_of_rotation);
	tcase_add_test(tests, family_is_found_in_its_order);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
