// links: parser
// Check program of parser/: the same bytes in, the same bytes out, in any order, from any thread.
// TEST_CORPUS=FOLDER adds the mails below FOLDER/mails to the golden ones.
#define _GNU_SOURCE
#include "core/limits.h"
#include "core/report_json.h"
#include "parser/parse.h"
#include "tests/support/parser_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <ftw.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_MAILS = 5000, THREADS = 8 };
enum order { FORWARD, BACKWARD };

static struct parse_rules *rules;
static struct arena *mails_arena;
static struct str mails[MOST_MAILS], reports[MOST_MAILS];
static size_t n_mails;

static int take_mail(const char *path, const struct stat *st, int type, struct FTW *ftw UNUSED)
{
	FILE *file;
	char *bytes;

	if (type != FTW_F || str_ends(str_c(path), STR(".json")) || n_mails == MOST_MAILS ||
		(size_t)st->st_size > LIMIT_MIME_BYTES)
		return 0;
	file = fopen(path, "rb");
	if (!file)
		return 1;
	bytes = arena_alloc(mails_arena, (size_t)st->st_size);
	mails[n_mails++] = str_from(bytes, fread(bytes, 1, (size_t)st->st_size, file));
	return fclose(file);
}

static bool read_mails(void)
{
	const char *corpus = getenv("TEST_CORPUS");
	char folder[4096];

	mails_arena = arena_new();
	if (nftw(TEST_SOURCE_DIR "/tests/golden", take_mail, 8, FTW_PHYS))
		return false;
	if (!corpus)
		return true;
	snprintf(folder, sizeof folder, "%s/mails", corpus);
	return !nftw(folder, take_mail, 8, FTW_PHYS);
}

static void write_report(struct parser *parser, struct arena *arena, size_t i, struct buf *out)
{
	const struct report_json_options options = { REPORT_JSON_LINE, REPORT_JSON_OUR_NAMES };
	struct report report;

	buf_reset(out);
	parse_message(parser, arena, NULL, mails[i], &report);
	if (report_json_write(&report, STR_EMPTY, options, out))
		abort();
	arena_reset(arena);
}

/* Reports that are not the bytes that they were the first time; run by threads, so nothing is asserted. */
static size_t count_others(enum order order, size_t first)
{
	struct parser *parser = parser_new(rules);
	struct arena *arena = arena_new();
	struct buf out = BUF_INIT(LIMIT_FRAME_BYTES);
	size_t others = 0;

	for (size_t k = 0; k < n_mails; k++) {
		size_t at = (first + k) % n_mails;
		size_t i = order == FORWARD ? at : n_mails - 1 - at;

		write_report(parser, arena, i, &out);
		others += !str_eq(buf_str(&out), reports[i]);
	}
	buf_release(&out);
	arena_free(arena);
	parser_free(parser);
	return others;
}

static void write_first_reports(void)
{
	struct parser *parser = parser_new(rules);
	struct arena *arena = arena_new();
	struct buf out = BUF_INIT(LIMIT_FRAME_BYTES);

	for (size_t i = 0; i < n_mails; i++) {
		write_report(parser, arena, i, &out);
		reports[i] = arena_dup(mails_arena, buf_str(&out));
	}
	buf_release(&out);
	arena_free(arena);
	parser_free(parser);
}

/* A vector engine reads texts in blocks: where they start in memory must not matter. */
static size_t count_others_at(size_t place)
{
	struct parser *parser = parser_new(rules);
	struct arena *arena = arena_new();
	struct buf out = BUF_INIT(LIMIT_FRAME_BYTES);
	size_t others = 0;

	for (size_t i = 0; i < n_mails; i++) {
		arena_alloc(arena, place);
		write_report(parser, arena, i, &out);
		others += !str_eq(buf_str(&out), reports[i]);
	}
	buf_release(&out);
	arena_free(arena);
	parser_free(parser);
	return others;
}

START_TEST(a_mail_gives_the_same_at_any_place_in_memory)
{
	ck_assert_uint_eq(count_others_at(16 * (size_t)_i + 1), 0);
}
END_TEST

START_TEST(a_parser_gives_the_same_in_any_order)
{
	ck_assert_uint_gt(n_mails, 50);
	ck_assert_uint_eq(count_others(FORWARD, 0), 0);
	ck_assert_uint_eq(count_others(BACKWARD, 0), 0);
}
END_TEST

struct work {
	pthread_t thread;
	size_t number, others;
};

/* Each thread starts elsewhere, half of them go backward. */
static void *run(void *context)
{
	struct work *work = context;

	work->others = count_others(
		work->number % 2 ? BACKWARD : FORWARD, work->number * n_mails / THREADS);
	return NULL;
}

START_TEST(threads_give_the_same_at_the_same_time)
{
	struct work work[THREADS] = { 0 };

	for (size_t i = 0; i < THREADS; i++) {
		work[i].number = i;
		ck_assert_int_eq(pthread_create(&work[i].thread, NULL, run, &work[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(work[i].thread, NULL), 0);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_uint_eq(work[i].others, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_threads");
	TCase *tcase = tcase_create("threads");
	int code;

	rules = fixture_rules();
	if (!read_mails())
		return EXIT_FAILURE;
	write_first_reports();
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_parser_gives_the_same_in_any_order);
	tcase_add_loop_test(tcase, a_mail_gives_the_same_at_any_place_in_memory, 0, 8);
	tcase_add_test(tcase, threads_give_the_same_at_the_same_time);
	suite_add_tcase(suite, tcase);
	code = suite_run(suite);
	parse_rules_free(rules);
	arena_free(mails_arena);
	return code;
}
