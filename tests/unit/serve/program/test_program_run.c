// links: serve/program
// Check program of serve/program/program_run: real programs, how they end, what they may see, and that nothing of them is left.
#define _GNU_SOURCE
#include "serve/program/program_run.h"
#include "tests/support/suite.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct program_run run;
static char status[PROGRAM_STATUS_BYTES];

/* The time is the caller's: here it is over when the test says so. */
static void run_shell(char *script, int64_t now_ms)
{
	char shell[] = "/bin/sh", flag[] = "-c", *const argv[] = { shell, flag, script, NULL };

	ck_assert(program_start(&run, argv, 0, 1000));
	while (!program_look(&run, now_ms, status))
		poll(NULL, 0, 5);
	ck_assert_int_eq(run.pid, 0);
}

static const struct {
	const char *script, *status, *output;
} cases[] = {
	{ "echo good", "", "good\n" },
	{ "echo bad >&2; exit 3", "exit 3", "bad\n" },
	{ "kill -SEGV $$", "signal 11", "" },
	{ "cat; pwd", "", "/\n" }, /* nothing to read, / as its folder */
	{ "env | cut -d= -f1 | grep -v -e PWD -e _ -e SHLVL | sort", "", "LANG\nPATH\n" },
	{ "[ -e /proc/$$/fd/9 ] && echo open; exit 0", "", "" },
	{ "kill -PIPE $$; echo alive", "signal 13", "" },
};

START_TEST(how_it_ends)
{
	char script[256];

	setenv("BOUNCED_SECRET", "x", 1);
	signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(dup2(STDOUT_FILENO, 9), 9); /* which a command does not inherit */
	snprintf(script, sizeof script, "%s", cases[_i].script);
	run_shell(script, 0);
	ck_assert_str_eq(status, cases[_i].status);
	ck_assert_msg(run.output_n == strlen(cases[_i].output) &&
			      !memcmp(run.output, cases[_i].output, run.output_n),
		"\"%.*s\"", (int)run.output_n, run.output);
}
END_TEST

START_TEST(what_prints_for_ever_does_not_wait_for_us)
{
	char script[] = "head -c 1000000 /dev/zero";

	run_shell(script, 0);
	ck_assert_str_eq(status, "");
	ck_assert_uint_eq(run.output_n, PROGRAM_OUTPUT_BYTES);
	ck_assert_uint_eq(run.output_n + run.output_lost, 1000000);
}
END_TEST

START_TEST(no_such_program)
{
	char name[] = "/no/such/program", *const argv[] = { name, NULL };

	ck_assert(program_start(&run, argv, 0, 1000));
	while (!program_look(&run, 0, status))
		poll(NULL, 0, 5);
	ck_assert_str_eq(status, "exit 127");
	ck_assert(run.output_n && !memcmp(run.output, "cannot be executed: ", 20));
}
END_TEST

/* Nobody is in the group any more; what was killed may not have been waited for by init yet. */
static void group_is_gone(pid_t group)
{
	for (int i = 0; i < 2000 && !(kill(-group, 0) < 0 && errno == ESRCH); i++)
		poll(NULL, 0, 5);
	ck_assert_int_eq(kill(-group, 0), -1);
}

START_TEST(at_its_limit_the_group_is_killed)
{
	char shell[] = "/bin/sh", flag[] = "-c",
	     script[] = "trap '' TERM; sleep 1000 & echo started; sleep 1000";
	char *const argv[] = { shell, flag, script, NULL };
	pid_t group;

	ck_assert(program_start(&run, argv, 0, 1000));
	group = run.pid;
	while (!run.output_n)
		ck_assert(!program_look(&run, 999, status));
	ck_assert(program_look(&run, 1000, status));
	ck_assert_str_eq(status, "time limit");
	group_is_gone(group);
}
END_TEST

START_TEST(what_it_leaves_ends_with_it)
{
	char shell[] = "/bin/sh", flag[] = "-c", script[] = "sleep 1000 & exit 0";
	char *const argv[] = { shell, flag, script, NULL };
	pid_t group;

	ck_assert(program_start(&run, argv, 0, 1000));
	group = run.pid;
	while (!program_look(&run, 0, status))
		poll(NULL, 0, 5);
	ck_assert_str_eq(status, "");
	group_is_gone(group);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("program_run");
	TCase *tcase = tcase_create("all");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, how_it_ends, 0, ARRAY_LEN(cases));
	tcase_add_test(tcase, what_prints_for_ever_does_not_wait_for_us);
	tcase_add_test(tcase, no_such_program);
	tcase_add_test(tcase, at_its_limit_the_group_is_killed);
	tcase_add_test(tcase, what_it_leaves_ends_with_it);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
