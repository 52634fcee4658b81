// links: suppress/export suppress/list store
// Check program of what commands of jobs are given: words that no value splits, files of a manifest in order, packets.
#include "suppress/export/delivery.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

/* ---- words ---- */

static const struct {
	const char *text;
	const char *words[6]; /* as executed; none: refused */
} commands[] = {
	{ "/bin/load", { "/bin/load" } },
	{ "  /bin/load \t {file} ", { "/bin/load", "/srv/a b;$(id).csv" } },
	{ "/bin/load --file={file} '{name} and {format}'",
		{ "/bin/load", "--file=/srv/a b;$(id).csv", "mx and csv" } },
	{ "/bin/load '' 'a  b'c {from}-{to} {change}",
		{ "/bin/load", "", "a  bc", "7-9", "added" } },
	{ "/bin/load $HOME `id` ; | \\n", { "/bin/load", "$HOME", "`id`", ";", "|", "\\n" } },
	{ "'/opt/with space/load' {manifest}", { "/opt/with space/load", "/srv/{file}" } },
	{ "", { NULL } },
	{ "   ", { NULL } },
	{ "load {file}", { NULL } }, /* of no path: which PATH? */
	{ "/{file}", { NULL } },     /* a file is no program */
	{ "/bin/", { NULL } },
	{ "/bin/load 'open", { NULL } },
	{ "/bin/load {what}", { NULL } },
	{ "/bin/load {file", { NULL } },
	{ "/bin/load {}", { NULL } },
	{ "/bin/load {{file}}", { NULL } },
	{ "/bin/load a\x01", { NULL } },
	{ "/bin/load 'a\nb'", { NULL } },
	{ "/a 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 "
	  "32",
		{ NULL } },
};

START_TEST(words_stay_words)
{
	const struct job_command_values values = { .file = STR("/srv/a b;$(id).csv"),
		.manifest = STR("/srv/{file}"), /* a value is not looked into */
		.name = STR("mx"),
		.format = STR("csv"),
		.change = STR("added"),
		.from = STR("7"),
		.to = STR("9") };
	struct job_command command;
	char **argv;
	size_t n = 0;

	if (!commands[_i].words[0]) {
		ck_assert(!job_command_read(arena, str_c(commands[_i].text), &command));
		return;
	}
	ck_assert(job_command_read(arena, str_c(commands[_i].text), &command));
	argv = job_command_argv(&command, &values, arena);
	while (n < ARRAY_LEN(commands[_i].words) && commands[_i].words[n]) {
		ck_assert_str_eq(argv[n], commands[_i].words[n]);
		n++;
	}
	ck_assert_ptr_null(argv[n]);
}
END_TEST

START_TEST(as_many_words_as_there_may_be)
{
	char text[256] = "/a";
	struct job_command command;

	for (int i = 1; i < JOB_COMMAND_WORDS; i++)
		strcat(text, " b");
	ck_assert(job_command_read(arena, str_c(text), &command));
	ck_assert_uint_eq(command.n, JOB_COMMAND_WORDS);
	ck_assert(!command.each_file);
	strcat(text, " b");
	ck_assert(!job_command_read(arena, str_c(text), &command));
}
END_TEST

/* ---- steps ---- */

static struct export_job job_of(const char *command)
{
	struct export_job *jobs = arena_calloc(arena, EXPORT_JOBS, sizeof *jobs);
	struct str trouble = STR_EMPTY;
	struct str text = arena_printf(arena,
		"inc format=plain mode=incremental path=\"/srv/my lists/{to}.{change}\" every=1 "
		"command=\"%s\"",
		command);
	size_t n = 0;

	ck_assert_msg(!export_jobs_read(arena, text, jobs, &n, &trouble), "%.*s", STR_ARG(trouble));
	ck_assert_uint_eq(n, 1);
	return jobs[0];
}

static const struct {
	const char *change, *file;
	bool good;
} named[] = {
	{ "added", "9.added", true },
	{ "removed", "; rm -rf $(pwd)", true },
	{ "full", "-x", true },
	{ "added", "", false },
	{ "added", ".", false },
	{ "added", "..", false },
	{ "added", "../passwd", false },
	{ "added", "/etc/passwd", false },
	{ "--evil", "9.added", false },
	{ "", "9.added", false },
};

START_TEST(only_files_of_the_folder_are_named)
{
	const struct export_job job = job_of("/bin/load {change} {file} {manifest}");
	const struct delivery_step step = {
		.job = STR("inc"), .change = str_c(named[_i].change), .file = str_c(named[_i].file)
	};
	char **argv = delivery_argv(&job, &step, arena);
	char path[128];

	ck_assert_int_eq(argv != NULL, named[_i].good);
	if (!argv)
		return;
	snprintf(path, sizeof path, "/srv/my lists/%s", named[_i].file);
	ck_assert_str_eq(argv[1], named[_i].change);
	ck_assert_str_eq(argv[2], path);
	ck_assert_str_eq(argv[3], "/srv/my lists/inc.manifest.json");
	ck_assert_ptr_null(argv[4]);
}
END_TEST

START_TEST(files_come_in_order_or_all_at_once)
{
	const struct export_job each = job_of("/bin/load {file}"),
				once = job_of("/bin/load {manifest}");
	const struct store_delivery delivery = { .files = STR(
							 "added\t9.added\nremoved\t9.removed\n"),
		.n_files = 2,
		.from_seq = 3,
		.to_seq = 9 };
	struct delivery_step step;

	ck_assert_uint_eq(delivery_steps(&each, &delivery), 2);
	ck_assert_uint_eq(delivery_steps(&once, &delivery), 1);
	ck_assert(delivery_step(&each, &delivery, 0, &step) && str_eq(step.file, STR("9.added")));
	ck_assert(delivery_step(&each, &delivery, 1, &step) && str_eq(step.file, STR("9.removed")));
	ck_assert(str_eq(step.change, STR("removed")) && step.from_seq == 3 && step.to_seq == 9);
	ck_assert(!delivery_step(&each, &delivery, 2, &step));
}
END_TEST

/* ---- packets ---- */

static const char *const bad_packets[] = { "", "1", "1\n", "x\ninc\nadded\nf\n1\n2\n",
	"1\ninc\nadded\nf\n1\n", "1\ninc\nadded\nf\n1\n2\nmore\n", "1\ninc\nadded\nf\n-1\n2\n",
	"99999999999999999999\ninc\nadded\nf\n1\n2\n" };

START_TEST(packets_come_back_or_are_refused)
{
	const struct delivery_step step = { 5, STR("inc"), STR("added"), STR("a b"), 1, 2 };
	struct buf out = BUF_INIT(DELIVERY_PACKET_BYTES);
	struct delivery_step back;
	struct str status;
	uint64_t id;

	ck_assert_int_eq(delivery_put_step(&step, &out), ERR_OK);
	ck_assert(delivery_get_step(buf_str(&out), &back));
	ck_assert(back.id == 5 && str_eq(back.file, step.file) && back.to_seq == 2);
	for (size_t i = 0; i < out.n; i++)
		ck_assert(!delivery_get_step(str_head(buf_str(&out), i), &back));
	for (size_t i = 0; i < ARRAY_LEN(bad_packets); i++)
		ck_assert(!delivery_get_step(str_c(bad_packets[i]), &back));
	buf_reset(&out);
	ck_assert_int_eq(delivery_put_answer(7, STR("exit 3"), &out), ERR_OK);
	ck_assert(delivery_get_answer(buf_str(&out), &id, &status));
	ck_assert(id == 7 && str_eq(status, STR("exit 3")));
	ck_assert(!delivery_get_answer(STR("7\nexit 3\nmore"), &id, &status));
	ck_assert(!delivery_get_answer(STR("\n\n"), &id, &status));
	buf_release(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("delivery");
	TCase *tcase = tcase_create("all");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, words_stay_words, 0, ARRAY_LEN(commands));
	tcase_add_test(tcase, as_many_words_as_there_may_be);
	tcase_add_loop_test(tcase, only_files_of_the_folder_are_named, 0, ARRAY_LEN(named));
	tcase_add_test(tcase, files_come_in_order_or_all_at_once);
	tcase_add_test(tcase, packets_come_back_or_are_refused);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
