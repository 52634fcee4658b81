// links: suppress/export suppress/list store
// Check program of jobs: what their text says, their files whole or not at all, numbered, and changes since the last run.
#define _GNU_SOURCE
#include "suppress/export/job_run.h"
#include "tests/support/suite.h"

#include <check.h>
#include <ftw.h>
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW ((int64_t)1795000000 * TIMESTAMP_SECOND_US)

static char folder[64];
static struct arena *arena;

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void make_folder(void)
{
	arena = arena_new();
	snprintf(folder, sizeof folder, "/tmp/bounced-job-XXXXXX");
	ck_assert(mkdtemp(folder));
}

static void remove_folder(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	arena_free(arena);
}

/* ---- rows that no database gives: two streams a page of addresses ---- */

struct rows {
	uint64_t n;    /* addresses a1..., each with seq = its number */
	uint64_t gone; /* this one was removed, with seq n + 1 */
	enum err err;  /* after them */
};

static enum err walk(void *context, enum listing listing, uint64_t from_seq, uint64_t to_seq,
	store_suppression_fn *fn, void *fn_context)
{
	const struct rows *rows = context;

	for (uint64_t i = 1; i <= rows->n; i++) {
		char address[64];
		struct store_suppression row = { .source = STR("bounce"),
			.first_seen_us = NOW,
			.last_seen_us = NOW,
			.expires_at_us = TIMESTAMP_NONE,
			.seq = i == rows->gone ? rows->n + 1 : i };

		snprintf(address, sizeof address, "a%06" PRIu64 "@example.com", i);
		row.address = str_c(address);
		row.domain = STR("example.com");
		row.state = i == rows->gone ? SUPPRESSION_REMOVED : SUPPRESSION_ACTIVE;
		if (listing == LISTING_FULL ? i == rows->gone
					    : row.seq <= from_seq || row.seq > to_seq)
			continue;
		if (!fn(fn_context, &row))
			return ERR_OK;
	}
	return rows->err;
}

static struct export_job job_of(const char *text)
{
	struct export_job *jobs = arena_calloc(arena, EXPORT_JOBS, sizeof *jobs);
	struct str trouble = STR_EMPTY, whole = str_c(text);
	size_t n, at = str_find(whole, STR("DIR"));

	whole = arena_printf(arena, "%.*s%s%s", (int)at, text, folder, text + at + 3);
	ck_assert_msg(export_jobs_read(arena, whole, jobs, &n, &trouble) == ERR_OK, "%.*s",
		STR_ARG(trouble));
	ck_assert_uint_eq(n, 1);
	return jobs[0];
}

static enum err run(const struct export_job *job, struct rows *rows, uint64_t to_seq,
	struct job_result *ret_result)
{
	const struct job_run options = {
		.job = job, .to_seq = to_seq, .now_us = NOW, .policy_version = STR("1")
	};

	return job_run(&options, walk, rows, ret_result);
}

/* NULL: there is none. Lives in the arena. */
static const char *content(const char *name)
{
	char path[256], *text = NULL;
	const char *copy = NULL;

	snprintf(path, sizeof path, "%s/%s", folder, name);
	if (g_file_get_contents(path, &text, NULL, NULL))
		copy = arena_c(arena, str_c(text));
	g_free(text);
	return copy;
}

static size_t files_there(void)
{
	GDir *dir = g_dir_open(folder, 0, NULL);
	size_t n = 0;

	while (g_dir_read_name(dir))
		n++;
	g_dir_close(dir);
	return n;
}

START_TEST(a_full_job_writes_numbered_files)
{
	struct export_job job = job_of("pm format=plain path=DIR/out.txt every=60 rows=2");
	struct rows rows = { .n = 5 };
	struct job_result result;

	ck_assert_int_eq(run(&job, &rows, 5, &result), ERR_OK);
	ck_assert_uint_eq(result.rows, 5);
	ck_assert_uint_eq(result.files, 3);
	ck_assert_str_eq(content("out.txt"), "a000001@example.com\na000002@example.com\n");
	ck_assert_str_eq(content("out-2.txt"), "a000003@example.com\na000004@example.com\n");
	ck_assert_str_eq(content("out-3.txt"), "a000005@example.com\n");
	ck_assert(strstr(content("pm.manifest.json"),
		"\"file\": \"out-3.txt\", \"change\": \"full\", \"rows\": 1"));
	/* A shorter list leaves no part of the longer one. */
	rows.n = 2;
	ck_assert_int_eq(run(&job, &rows, 5, &result), ERR_OK);
	ck_assert_uint_eq(files_there(), 2);
	rows.n = 0;
	ck_assert_int_eq(run(&job, &rows, 5, &result), ERR_OK);
	ck_assert_str_eq(content("out.txt"), "");
}
END_TEST

START_TEST(an_incremental_job_goes_on_where_it_was)
{
	struct export_job job = job_of("ses format=ses mode=incremental "
				       "path=DIR/{name}.{from}-{to}.{change}.{ending} every=60");
	struct rows rows = { .n = 2 };
	struct job_result result;

	ck_assert_int_eq(run(&job, &rows, 2, &result), ERR_OK);
	ck_assert_str_eq(content("ses.0-2.full.csv"),
		"a000001@example.com,BOUNCE\r\na000002@example.com,BOUNCE\r\n");
	/* Nothing changed: the manifest alone is new. */
	ck_assert_int_eq(run(&job, &rows, 2, &result), ERR_OK);
	ck_assert_uint_eq(result.files, 0);
	ck_assert_uint_eq(files_there(), 2);
	rows = (struct rows){ .n = 3, .gone = 1 };
	ck_assert_int_eq(run(&job, &rows, 4, &result), ERR_OK);
	ck_assert_uint_eq(result.from_seq, 2);
	ck_assert_str_eq(content("ses.2-4.added.csv"), "a000003@example.com,BOUNCE\r\n");
	ck_assert_str_eq(content("ses.2-4.removed.csv"), "a000001@example.com,BOUNCE\r\n");
	/* Of another database, and of a job that became another: everything again. */
	rows = (struct rows){ .n = 3 };
	ck_assert_int_eq(run(&job, &rows, 3, &result), ERR_OK);
	ck_assert_uint_eq(result.from_seq, 0);
	job = job_of("ses format=ses mode=incremental "
		     "path=DIR/{name}.{from}-{to}.{change}.{ending} every=60 classes=hard");
	rows.n = 4;
	ck_assert_int_eq(run(&job, &rows, 4, &result), ERR_OK);
	ck_assert_uint_eq(result.from_seq, 0);
}
END_TEST

START_TEST(a_canonical_job_tells_what_became_of_each)
{
	struct export_job job = job_of("c format=csv mode=incremental path=DIR/{to}.csv every=60");
	struct rows rows = { .n = 2 };
	struct job_result result;

	ck_assert_int_eq(run(&job, &rows, 2, &result), ERR_OK);
	rows = (struct rows){ .n = 2, .gone = 1 };
	ck_assert_int_eq(run(&job, &rows, 3, &result), ERR_OK);
	ck_assert(strstr(content("3.csv"), "a000001@example.com,") &&
		  strstr(content("3.csv"), ",removed,3\r\n"));
	ck_assert(!strstr(content("3.csv"), "a000002"));
}
END_TEST

START_TEST(a_failing_run_leaves_the_old_files)
{
	struct export_job job = job_of("pm format=plain path=DIR/out.txt every=60 rows=2");
	struct rows rows = { .n = 3 }, broken = { .n = 9, .err = ERR_TIMEOUT };
	struct job_result result;
	const char *before;

	ck_assert_int_eq(run(&job, &rows, 3, &result), ERR_OK);
	before = content("pm.manifest.json");
	ck_assert_int_eq(run(&job, &broken, 9, &result), ERR_TIMEOUT);
	ck_assert_str_eq(content("pm.manifest.json"), before);
	ck_assert_str_eq(content("out-2.txt"), "a000003@example.com\n");
	ck_assert_uint_eq(files_there(), 3);
}
END_TEST

/* Killed at any moment, each file is of one run, whole, and the manifest names files that are there. */
START_TEST(a_kill_leaves_whole_files)
{
	struct export_job job = job_of(
		"pm format=plain mode=incremental path=DIR/{from}-{to}.{change}.txt every=60");
	struct rows rows = { .n = 1000 };
	struct job_result result;

	ck_assert_int_eq(run(&job, &rows, 1000, &result), ERR_OK);
	for (int i = 1; i <= 40; i++) {
		const struct timespec pause = { 0, (long)(i % 20) * 300000 };
		pid_t pid = fork();
		const char *name;
		struct str rest;

		ck_assert_int_ge(pid, 0);
		rows.n = 1000 + 500 * (uint64_t)i;
		if (pid == 0)
			_exit((int)run(&job, &rows, rows.n, &result));
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		rest = str_c(content("pm.manifest.json"));
		ck_assert(str_ends(rest, STR(" ]}\n")));
		for (size_t at; (at = str_find(rest, STR("\"file\": \""))) != STR_NPOS;) {
			rest = str_skip(rest, at + 9);
			name = arena_c(arena, str_head(rest, str_chr(rest, '"')));
			ck_assert_msg(content(name) != NULL, "no %s", name);
			ck_assert(!*content(name) ||
				  str_ends(str_c(content(name)), STR("@example.com\n")));
		}
	}
	rows.n = 30000;
	ck_assert_int_eq(run(&job, &rows, rows.n, &result), ERR_OK);
	/* All files of changes together are the list. */
	ck_assert(!content(".bounced-tmp.pm.manifest.json"));
	ck_assert_uint_gt(result.from_seq, 999);
	ck_assert_uint_eq(result.rows, 30000 - result.from_seq);
}
END_TEST

/* ---- the text of a setting ---- */

static const struct {
	const char *text, *trouble; /* NULL: good */
} texts[] = {
	{ "", NULL },
	{ " ; ;", NULL },
	{ "a format=csv path=/x/a.csv every=60", NULL },
	{ "a format=csv path=/x/a.csv cron=\"30 4 * * 1-5\" zone=Europe/Berlin; b-2 format=plain "
	  "path=/y/b every=1 "
	  "streams=news,shop classes=hard,complaint states=active,held rows=5",
		NULL },
	{ "a format=csv path=\"/x/with space;.csv\" every=60", NULL },
	{ "format=csv path=/x/a every=60", "stand first" },
	{ "a! format=csv path=/x/a every=60", "stand first" },
	{ "a format=xls path=/x/a every=60", "a format that" },
	{ "a path=/x/a every=60", "format: is missing" },
	{ "a format=csv every=60", "path: is missing" },
	{ "a format=csv path=/x/a", "every: is missing" },
	{ "a format=csv path=x/a every=60", "path" },
	{ "a format=csv path=/x/../a every=60", "path" },
	{ "a format=csv path=/x/{to}/a every=60", "path" },
	{ "a format=csv path=/x/ every=60", "path" },
	{ "a format=csv path=/x/a every=0", "every" },
	{ "a format=csv path=/x/a every=60 cron=\"* * * * *\"", "cron" },
	{ "a format=csv path=/x/a cron=\"* * *\"", "cron" },
	{ "a format=csv path=/x/a cron=\"0 0 31 2 *\"", "never comes" },
	{ "a format=csv path=/x/a cron=\"* * * * *\" zone=Europe/Nowhere", "zone" },
	{ "a format=csv path=/x/a every=60 mode=half", "mode" },
	{ "a format=csv path=/x/a every=60 mode=incremental", "{to}" },
	{ "a format=ses path=/x/{to} every=60 mode=incremental", "{change}" },
	{ "a format=csv path=/x/a every=60 classes=hard,bad", "classes" },
	{ "a format=csv path=/x/a every=60 states=gone", "states" },
	{ "a format=csv path=/x/a every=60 colour=red", "no job has" },
	{ "a format=csv path=/x/a every=60; a format=csv path=/x/b every=60", "twice" },
	{ "a format=csv path=/x/a every=60 command=/bin/load", NULL },
	{ "a format=csv path=/x/a every=60 command=\"/bin/load 'a; b' {file}\"; b format=csv "
	  "path=/x/b every=1",
		NULL },
	{ "a format=csv path=/x/a every=60 command=load", "command" },
	{ "a format=csv path=/x/a every=60 command=\"/bin/load {fil}\"", "command" },
	{ "a format=csv path=/x/a every=60 command=\"/bin/load {file}; b format=csv path=/x/b "
	  "every=1",
		"not closed" },
	{ "a format=csv path=/x/a\\b every=60 command=/bin/load", "backslash" },
};

START_TEST(the_text_of_jobs)
{
	struct export_job *jobs = arena_calloc(arena, EXPORT_JOBS, sizeof *jobs);
	struct str trouble = STR_EMPTY;
	size_t n;
	enum err err = export_jobs_read(arena, str_c(texts[_i].text), jobs, &n, &trouble);

	ck_assert_msg((err == ERR_OK) == !texts[_i].trouble, "%.*s", STR_ARG(trouble));
	if (err)
		ck_assert_msg(str_find(trouble, str_c(texts[_i].trouble)) != STR_NPOS, "%.*s",
			STR_ARG(trouble));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("job_run");
	TCase *tcase = tcase_create("job");

	tcase_add_checked_fixture(tcase, make_folder, remove_folder);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_full_job_writes_numbered_files);
	tcase_add_test(tcase, an_incremental_job_goes_on_where_it_was);
	tcase_add_test(tcase, a_canonical_job_tells_what_became_of_each);
	tcase_add_test(tcase, a_failing_run_leaves_the_old_files);
	tcase_add_test(tcase, a_kill_leaves_whole_files);
	tcase_add_loop_test(tcase, the_text_of_jobs, 0, ARRAY_LEN(texts));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
