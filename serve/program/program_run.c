#define _GNU_SOURCE
#include "serve/program/program_run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROGRAM_NOT_EXECUTED = 127 };

/* ---- in the new process ---- */

static void say(const char *text)
{
	if (write(STDERR_FILENO, text, strlen(text)) < 0)
		_exit(PROGRAM_NOT_EXECUTED);
}

static void signals_as_usual(void)
{
	sigset_t none;

	for (int i = 1; i < NSIG; i++)
		signal(i, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

NORETURN static void become_program(char *const *argv, int output_fd, pid_t parent)
{
	char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
	char lang[] = "LANG=C.UTF-8", *const envp[] = { path, lang, NULL };
	int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || null_fd < 0 || chdir("/") < 0)
		_exit(PROGRAM_NOT_EXECUTED);
	dup2(null_fd, STDIN_FILENO);
	dup2(output_fd, STDOUT_FILENO);
	dup2(output_fd, STDERR_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	signals_as_usual();
	execve(argv[0], argv, envp);
	say("cannot be executed: ");
	say(strerror(errno));
	_exit(PROGRAM_NOT_EXECUTED);
}

/* ---- in ours ---- */

static void close_all(struct program_run *run)
{
	if (run->end_fd >= 0)
		close(run->end_fd);
	if (run->output_fd >= 0)
		close(run->output_fd);
	run->end_fd = run->output_fd = -1;
	run->pid = 0;
}

bool program_start(struct program_run *run, char *const *argv, int64_t now_ms, int64_t limit_ms)
{
	pid_t parent = getpid();
	int output[2];

	*run = (struct program_run){
		.end_fd = -1, .output_fd = -1, .started_ms = now_ms, .due_ms = now_ms + limit_ms
	};
	if (pipe2(output, O_CLOEXEC))
		return false;
	run->output_fd = output[0];
	fcntl(run->output_fd, F_SETFL, O_NONBLOCK);
	run->pid = fork();
	if (!run->pid)
		become_program(argv, output[1], parent);
	close(output[1]);
	if (run->pid > 0)
		run->end_fd = (int)syscall(SYS_pidfd_open, run->pid, 0);
	if (run->end_fd >= 0)
		return true;
	if (run->pid > 0)
		program_kill(run);
	else
		close_all(run);
	return false;
}

/* The first bytes are kept, and the rest is read all the same: a program that fills its pipe would wait for ever. */
static void read_output(struct program_run *run)
{
	char room[PROGRAM_OUTPUT_BYTES];
	ssize_t n;

	for (int i = 0; i < 64 && (n = read(run->output_fd, room, sizeof room)) > 0; i++) {
		size_t left = sizeof run->output - run->output_n;
		size_t kept = (size_t)n < left ? (size_t)n : left;

		memcpy(run->output + run->output_n, room, kept);
		run->output_n += kept;
		run->output_lost += (size_t)n - kept;
	}
}

/* Of a process that ended and was not waited for yet: so its number is nobody else's. */
static int end_group(struct program_run *run)
{
	int status = 0;

	kill(-run->pid, SIGKILL);
	while (waitpid(run->pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

void program_kill(struct program_run *run)
{
	if (run->pid <= 0)
		return;
	kill(run->pid, SIGKILL); /* it may not have made its group yet */
	end_group(run);
	close_all(run);
}

bool program_look(
	struct program_run *run, int64_t now_ms, char ret_status[static PROGRAM_STATUS_BYTES])
{
	struct pollfd end = { run->end_fd, POLLIN, 0 };
	int status;

	read_output(run);
	if (poll(&end, 1, 0) != 1) {
		if (now_ms < run->due_ms)
			return false;
		run->late = true;
		kill(run->pid, SIGKILL);
	}
	status = end_group(run);
	read_output(run);
	if (run->late)
		snprintf(ret_status, PROGRAM_STATUS_BYTES, "time limit");
	else if (WIFSIGNALED(status))
		snprintf(ret_status, PROGRAM_STATUS_BYTES, "signal %d", WTERMSIG(status));
	else if (WEXITSTATUS(status))
		snprintf(ret_status, PROGRAM_STATUS_BYTES, "exit %d", WEXITSTATUS(status));
	else
		*ret_status = '\0';
	close_all(run);
	return true;
}
