// links: suppress/export suppress/list store
// Check program of the exporter: files whole or not at all, changes from manifest to manifest, failures.
#define _GNU_SOURCE
#include "suppress/export/exporter.h"
#include "suppress/export/manifest.h"
#include "tests/support/suite.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NOW ((int64_t)1795000000 * TIMESTAMP_SECOND_US)

static char folder[64], dir[80];

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static void make_folder(void)
{
	snprintf(folder, sizeof folder, "/tmp/bounced-export-XXXXXX");
	ck_assert(mkdtemp(folder));
	snprintf(dir, sizeof dir, "%s/out", folder);
}

static void remove_folder(void)
{
	nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- rows that no database gives ---- */

struct rows {
	uint64_t n;       /* addresses a0... with seq 1... */
	enum err err;     /* after them */
	uint64_t removed; /* this one is; 0: none */
};

static enum err walk(void *context, enum listing listing, uint64_t from_seq, uint64_t to_seq,
	store_suppression_fn *fn, void *fn_context)
{
	const struct rows *rows = context;

	for (uint64_t seq = listing == LISTING_FULL ? 1 : from_seq + 1;
		seq <= to_seq && seq <= rows->n; seq++) {
		char address[64];
		struct store_suppression row = { .source = STR("bounce"),
			.first_seen_us = NOW,
			.last_seen_us = NOW,
			.expires_at_us = TIMESTAMP_NONE,
			.seq = seq };

		snprintf(address, sizeof address, "a%" PRIu64 "@example.com", seq);
		row.address = str_c(address);
		if (seq == rows->removed)
			row.state = SUPPRESSION_REMOVED;
		if (listing == LISTING_FULL && seq == rows->removed)
			continue;
		if (!fn(fn_context, &row))
			return ERR_OK;
	}
	return rows->err;
}

static enum err run(struct rows *rows, uint64_t to_seq, struct export_result *ret_result)
{
	const struct export_options options = { .dir = dir,
		.formats = { FORMAT_CSV, FORMAT_NDJSON },
		.n_formats = 2,
		.to_seq = to_seq,
		.now_us = NOW,
		.keep_us = TIMESTAMP_DAY_US,
		.policy_version = STR("1 \"test\"") };

	return exporter_run(&options, walk, rows, ret_result);
}

/* The whole file; NULL where there is none. The caller frees it. */
static char *content(const char *name, size_t *ret_n)
{
	char path[256], *text = NULL;
	gsize n = 0;

	snprintf(path, sizeof path, "%s/%s", dir, name);
	if (!g_file_get_contents(path, &text, &n, NULL))
		return NULL;
	if (ret_n)
		*ret_n = n;
	return text;
}

static bool there(const char *name)
{
	char *text = content(name, NULL);
	bool is = text != NULL;

	g_free(text);
	return is;
}

static size_t lines_of(const char *name)
{
	char *text = content(name, NULL);
	size_t n = 0;

	ck_assert_msg(text != NULL, "no %s", name);
	for (const char *p = text; (p = strchr(p, '\n')); p++)
		n++;
	g_free(text);
	return n;
}

static size_t files_there(void)
{
	DIR *stream = opendir(dir);
	size_t n = 0;

	ck_assert(stream != NULL);
	for (struct dirent *entry; (entry = readdir(stream));)
		n += strcmp(entry->d_name, ".") && strcmp(entry->d_name, "..");
	closedir(stream);
	return n;
}

static void plant(const char *name, const char *text)
{
	char path[256];

	snprintf(path, sizeof path, "%s/%s", dir, name);
	ck_assert(g_file_set_contents(path, text, -1, NULL));
}

/* The manifest names the file with the digest and the size that it has. */
static void ck_manifest_names(const char *name)
{
	char *manifest = content("manifest.json", NULL), *text, *sum, *at, bytes[64];
	size_t n = 0;

	text = content(name, &n);
	ck_assert_msg(manifest && text, "no %s", name);
	sum = g_compute_checksum_for_data(G_CHECKSUM_SHA256, (const guchar *)text, n);
	at = strstr(manifest, name);
	ck_assert_msg(at != NULL, "%s is not in %s", name, manifest);
	at = strstr(at, "\"bytes\"");
	snprintf(bytes, sizeof bytes, "\"bytes\": %zu,", n);
	ck_assert_msg(at && !strncmp(at, bytes, strlen(bytes)), "%s", manifest);
	ck_assert(!strncmp(strstr(at, "sha256") + 10, sum, 64));
	g_free(sum);
	g_free(text);
	g_free(manifest);
}

START_TEST(the_first_run_writes_the_whole_list)
{
	struct rows rows = { .n = 3 };
	struct export_result result;

	ck_assert_int_eq(run(&rows, 3, &result), ERR_OK);
	ck_assert_uint_eq(result.rows, 3);
	ck_assert_uint_eq(result.changes, 0);
	ck_assert_uint_eq(result.from_seq, 3);
	ck_assert_uint_eq(files_there(), 3);
	ck_assert_uint_eq(lines_of("suppressions.csv"), 4);
	ck_assert_uint_eq(lines_of("suppressions.ndjson"), 3);
	ck_manifest_names("suppressions.csv");
	ck_manifest_names("suppressions.ndjson");
}
END_TEST

START_TEST(changes_start_at_the_manifest_before)
{
	struct rows rows = { .n = 3 };
	struct export_result result;
	char *text;

	ck_assert_int_eq(run(&rows, 3, &result), ERR_OK);
	/* Nothing changed: a new manifest, no file. */
	ck_assert_int_eq(run(&rows, 3, &result), ERR_OK);
	ck_assert_uint_eq(result.from_seq, 3);
	ck_assert_uint_eq(files_there(), 3);
	rows = (struct rows){ .n = 5, .removed = 4 };
	ck_assert_int_eq(run(&rows, 5, &result), ERR_OK);
	ck_assert_uint_eq(result.rows, 4);
	ck_assert_uint_eq(result.changes, 2);
	ck_assert_uint_eq(result.from_seq, 3);
	ck_assert_uint_eq(result.to_seq, 5);
	ck_assert_uint_eq(lines_of("suppressions.3-5.csv"), 3);
	ck_manifest_names("suppressions.3-5.ndjson");
	text = content("suppressions.3-5.csv", NULL);
	ck_assert(strstr(text, "a4@example.com,") && strstr(text, ",removed,4\r\n"));
	g_free(text);
	/* A list that is younger than the manifest is of another database. */
	rows = (struct rows){ .n = 2 };
	ck_assert_int_eq(run(&rows, 2, &result), ERR_OK);
	ck_assert_uint_eq(result.from_seq, 2);
	ck_assert_uint_eq(lines_of("suppressions.csv"), 3);
}
END_TEST

START_TEST(leftovers_and_old_changes_go)
{
	const struct timespec old[2] = { { NOW / 1000000 - 90000, 0 },
		{ NOW / 1000000 - 90000, 0 } };
	const struct timespec new[2] = { { NOW / 1000000, 0 }, { NOW / 1000000, 0 } };
	static const char *const stays[] = { "suppressions.3-9.csv", "suppressions.x-1.csv",
		"suppressions.1-2.txt", "mine.csv", "suppressions.1-2.csv.bak" };
	struct rows rows = { .n = 1 };
	struct export_result result;
	char path[256];

	ck_assert_int_eq(mkdir(dir, 0755), 0);
	plant(".bounced-tmp.suppressions.csv", "half");
	plant(".bounced-tmp.suppressions.7-9.csv", "half"); /* no later run takes this name */
	plant("suppressions.1-2.csv", "old");
	plant("suppressions.1-2.ndjson", "old");
	for (size_t i = 0; i < ARRAY_LEN(stays); i++)
		plant(stays[i], "x");
	for (size_t i = 0; i < ARRAY_LEN(stays); i++) {
		snprintf(path, sizeof path, "%s/%s", dir, stays[i]);
		utimensat(AT_FDCWD, path, i ? old : new, 0);
	}
	snprintf(path, sizeof path, "%s/suppressions.1-2.csv", dir);
	utimensat(AT_FDCWD, path, old, 0);
	snprintf(path, sizeof path, "%s/suppressions.1-2.ndjson", dir);
	utimensat(AT_FDCWD, path, old, 0);
	ck_assert_int_eq(run(&rows, 1, &result), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(stays); i++)
		ck_assert_msg(there(stays[i]), "%s", stays[i]);
	ck_assert_uint_eq(files_there(), ARRAY_LEN(stays) + 3);
}
END_TEST

/* In a child, since the limit holds for all that the process writes. */
static int run_with_limit(struct rows *rows, uint64_t to_seq, rlim_t bytes)
{
	const struct rlimit limit = { bytes, bytes };
	struct export_result result;
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &limit);
		_exit((int)run(rows, to_seq, &result));
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(a_failing_write_leaves_the_old_files)
{
	struct rows rows = { .n = 3 }, many = { .n = 20000 },
		    broken = { .n = 9, .err = ERR_TIMEOUT };
	struct export_result result;
	char *before, *after;

	ck_assert_int_eq(run(&rows, 3, &result), ERR_OK);
	before = content("suppressions.csv", NULL);
	/* In the middle of the rows, and at the last write. */
	ck_assert_int_ne(run_with_limit(&many, 20000, 100000), ERR_OK);
	ck_assert_int_ne(run_with_limit(&many, 300, 5000), ERR_OK);
	/* The database fails in the middle. */
	ck_assert_int_eq(run(&broken, 9, &result), ERR_TIMEOUT);
	ck_assert_uint_eq(files_there(), 3);
	after = content("suppressions.csv", NULL);
	ck_assert_str_eq(before, after);
	ck_manifest_names("suppressions.ndjson");
	g_free(before);
	g_free(after);
	ck_assert_int_eq(run(&many, 20000, &result), ERR_OK);
	ck_assert_uint_eq(result.changes, 19997);
	ck_assert_uint_eq(lines_of("suppressions.csv"), 20001);
	ck_manifest_names("suppressions.3-20000.csv");
}
END_TEST

/* Killed at any moment, each name holds a whole file: its rows are those of one run. */
START_TEST(a_kill_leaves_whole_files)
{
	struct rows rows = { .n = 2000 };
	struct export_result result;

	ck_assert_int_eq(run(&rows, 1000, &result), ERR_OK);
	for (int i = 0; i < 40; i++) {
		const struct timespec pause = { 0, (long)i * 700000 };
		uint64_t to_seq = 1000 + (uint64_t)i;
		pid_t pid = fork();
		size_t csv, ndjson;

		ck_assert_int_ge(pid, 0);
		if (pid == 0)
			_exit((int)run(&rows, to_seq, &result));
		nanosleep(&pause, NULL);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
		csv = lines_of("suppressions.csv") - 1;
		ndjson = lines_of("suppressions.ndjson");
		ck_assert_msg(csv >= 1000 && csv <= to_seq, "%zu of %" PRIu64, csv, to_seq);
		ck_assert_msg(ndjson >= 1000 && ndjson <= to_seq, "%zu", ndjson);
	}
	ck_assert_int_eq(run(&rows, 2000, &result), ERR_OK);
	ck_assert_uint_eq(lines_of("suppressions.csv"), 2001);
	ck_manifest_names("suppressions.csv");
	ck_assert(!there(".bounced-tmp.suppressions.csv"));
}
END_TEST

START_TEST(a_folder_that_cannot_be)
{
	struct rows rows = { .n = 1 };
	struct export_result result;

	snprintf(dir, sizeof dir, "%s/no/such", folder);
	ck_assert_int_eq(run(&rows, 1, &result), ERR_NOT_FOUND);
	snprintf(dir, sizeof dir, "%s/file", folder);
	ck_assert(g_file_set_contents(dir, "x", -1, NULL));
	ck_assert_int_ne(run(&rows, 1, &result), ERR_OK);
}
END_TEST

static const struct {
	const char *text;
	bool good;
	uint64_t seq;
} manifests[] = {
	{ "{\"to_seq\": 12,\n ]}\n", true, 12 },
	{ "{\"to_seq\": 9223372036854775807, ]}\n", true, INT64_MAX },
	{ "{\"to_seq\": 9223372036854775808, ]}\n", false, 0 },
	{ "{\"to_seq\": -1, ]}\n", false, 0 },
	{ "{\"to_seq\": 12,\n ]}", false, 0 }, /* cut short */
	{ "{\"from_seq\": 12,\n ]}\n", false, 0 },
	{ "", false, 0 },
};

START_TEST(only_our_manifest_is_read)
{
	uint64_t seq = 7;

	ck_assert_int_eq(manifest_read_seq(str_c(manifests[_i].text), &seq), manifests[_i].good);
	ck_assert_uint_eq(seq, manifests[_i].good ? manifests[_i].seq : 7);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("suppress_exporter");
	TCase *tcase = tcase_create("exporter");

	tcase_add_checked_fixture(tcase, make_folder, remove_folder);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, the_first_run_writes_the_whole_list);
	tcase_add_test(tcase, changes_start_at_the_manifest_before);
	tcase_add_test(tcase, leftovers_and_old_changes_go);
	tcase_add_test(tcase, a_failing_write_leaves_the_old_files);
	tcase_add_test(tcase, a_kill_leaves_whole_files);
	tcase_add_test(tcase, a_folder_that_cannot_be);
	tcase_add_loop_test(tcase, only_our_manifest_is_read, 0, ARRAY_LEN(manifests));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
