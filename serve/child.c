#define _GNU_SOURCE
#include "serve/child.h"

#include "core/err.h"
#include "core/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SETTINGS_BYTES = 1 << 18, CHILD_SPARE_FD = 100 };

static const char *const state_names[] = {
	[CHILD_WAITING] = "waiting",
	[CHILD_STARTING] = "starting",
	[CHILD_READY] = "ready",
	[CHILD_STOPPING] = "stopping",
	[CHILD_ENDED] = "ended",
};

/* All that a role inherits of the environment; the sanitizers' options are for test builds. */
static const char *const kept_variables[] = { "PATH", "HOME", "USER", "LOGNAME", "TZ", "LANG",
	"ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS" };

int64_t child_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t child_backoff_ms(unsigned failures)
{
	int64_t ms = CHILD_BACKOFF_MIN_MS;

	while (failures-- > 1 && ms < CHILD_BACKOFF_MAX_MS)
		ms *= 2;
	return ms < CHILD_BACKOFF_MAX_MS ? ms : CHILD_BACKOFF_MAX_MS;
}

void child_enter(struct child *child, enum child_state state)
{
	log_event(LOG_DEBUG, "role_state", LOG_C("name", role_name(child->role)),
		LOG_I64("pid", child->pid), LOG_C("from", state_names[child->state]),
		LOG_C("to", state_names[state]));
	child->state = state;
}

/* The smtp role, which the world talks to, gets the keys of tokens only where it has to verify them. */
static unsigned settings_seen(enum role_id role, const struct config *config)
{
	unsigned seen = role_settings(role);
	struct str item;

	if (seen & R_SMTP && config_item(config, CONFIG_SMTP_REQUIRE_TOKEN, 0, &item))
		seen |= R_SMTP_TOKENS;
	return seen;
}

/* The role's settings as an anonymous file, so that no secret stands in its environment. */
static int settings_fd(const struct child *child, const struct config *config)
{
	struct buf text = BUF_INIT(SETTINGS_BYTES);
	int fd = memfd_create("settings", MFD_CLOEXEC);
	bool written;

	config_print(config, settings_seen(child->role, config), CONFIG_SHOW_SECRETS, &text);
	written = fd >= 0 && !text.failed && write(fd, text.p, text.n) == (ssize_t)text.n;
	explicit_bzero(text.p, text.n);
	buf_release(&text);
	if (written)
		return fd;
	close(fd);
	return -1;
}

/* In the new process: moves the descriptors to 3, 4, 5, ... by way of numbers that nobody uses. */
static void place_fds(int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		fds[i] = fcntl(fds[i], F_DUPFD, CHILD_SPARE_FD);
	for (size_t i = 0; i < n; i++)
		dup2(fds[i], ROLE_CONTROL_FD + (int)i);
	close_range((unsigned)(ROLE_CONTROL_FD + (int)n), ~0u, 0);
}

static void scrub_environment(char **ret_envp, size_t max)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(kept_variables) && n + 1 < max; i++) {
		const char *value = getenv(kept_variables[i]);

		if (value && asprintf(&ret_envp[n], "%s=%s", kept_variables[i], value) > 0)
			n++;
	}
	ret_envp[n] = NULL;
}

/* What whoever started the supervisor had ignored stays ignored through exec: a shell without job control starts `&` with
 * SIGINT ignored, and PostgreSQL, told of the supervisor's death while it still started, lived on. */
static void forget_signals(void)
{
	sigset_t none;

	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

NORETURN static void become_role(const struct child *child, const struct child_start *start,
	int control, int settings, pid_t supervisor)
{
	int fds[2 + ROLE_MAX_FDS] = { control, settings };
	char count[16], word[128], *envp[ARRAY_LEN(kept_variables) + 1];
	char program[] = "bounced", command[] = "role", name[16];
	char *argv[] = { program, command, name, count, word, NULL };

	/* Of its own session, so that a Ctrl-C reaches the supervisor alone and the order is kept. */
	setsid();
	prctl(PR_SET_PDEATHSIG, role_flags(child->role) & ROLE_STOPS_ON_SIGINT ? SIGINT : SIGTERM);
	if (getppid() != supervisor)
		_exit(EXIT_CODE_FAILED); /* it died before the line above */
	for (size_t i = 0; i < start->n_fds; i++)
		fds[2 + i] = start->fds[i];
	place_fds(fds, 2 + start->n_fds);
	forget_signals();
	snprintf(name, sizeof name, "%s", role_name(child->role));
	snprintf(count, sizeof count, "%zu", start->n_fds);
	snprintf(word, sizeof word, "%s", child->word ? child->word : "node=@");
	scrub_environment(envp, ARRAY_LEN(envp));
	execve("/proc/self/exe", argv, envp);
	_exit(EXIT_CODE_FAILED);
}

static void start_failed(struct child *child, const char *what)
{
	log_event(LOG_ERROR, "role_not_started", LOG_C("name", role_name(child->role)),
		LOG_C("call", what), LOG_C("reason", strerror(errno)));
	child->due_ms = child_now_ms() + child_backoff_ms(++child->failures);
}

bool child_start(struct child *child, const struct child_start *start)
{
	int control[2], settings = settings_fd(child, start->config);
	pid_t supervisor = getpid();

	if (settings < 0 || start->n_fds > ROLE_MAX_FDS ||
		socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control)) {
		start_failed(child, "socketpair");
		close(settings);
		return false;
	}
	child->pid = fork();
	if (!child->pid)
		become_role(child, start, control[1], settings, supervisor);
	close(control[1]);
	close(settings);
	if (child->pid < 0) {
		child->pid = 0;
		close(control[0]);
		start_failed(child, "fork");
		return false;
	}
	child->control_fd = control[0];
	child->started_ms = child_now_ms();
	child_enter(
		child, role_flags(child->role) & ROLE_SAYS_NOTHING ? CHILD_READY : CHILD_STARTING);
	return true;
}

void child_stop(struct child *child)
{
	int signal = role_flags(child->role) & ROLE_STOPS_ON_SIGINT ? SIGINT : SIGTERM;

	if (!child->pid) {
		child_enter(child, CHILD_ENDED);
		return;
	}
	kill(child->pid, child->state == CHILD_STOPPING ? SIGKILL : signal);
	child_enter(child, CHILD_STOPPING);
}

static void log_end(const struct child *child, int wait_status, bool expected)
{
	bool killed = WIFSIGNALED(wait_status);

	log_event(expected ? LOG_INFO : LOG_WARN, expected ? "role_ended" : "role_died",
		LOG_C("name", role_name(child->role)), LOG_I64("pid", child->pid),
		LOG_I64(killed ? "signal" : "exit_code",
			killed ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status)));
}

void child_ended(struct child *child, int wait_status)
{
	bool clean = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
	bool stopping = child->state == CHILD_STOPPING;
	bool finished = clean && (child->drains || role_flags(child->role) & ROLE_ONE_SHOT);
	/* A parser ends by itself when its client is gone. */
	bool orphaned = clean && (role_flags(child->role) & ROLE_NEEDS_CLIENT);

	bool killed = WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL;

	bool never = WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == EXIT_CODE_NEVER;

	log_end(child, wait_status, (stopping && !killed) || finished || orphaned || never);
	child->pid = 0;
	if (child->control_fd >= 0)
		close(child->control_fd);
	child->control_fd = -1;
	if (child->hand_over_fd >= 0)
		close(child->hand_over_fd);
	child->hand_over_fd = -1;
	if (stopping || finished) {
		child_enter(child, CHILD_ENDED);
		return;
	}
	if (child_now_ms() - child->started_ms >= CHILD_STEADY_MS || orphaned)
		child->failures = 0;
	child->due_ms = orphaned ? 0 : child_now_ms() + child_backoff_ms(++child->failures);
	child_enter(child, CHILD_WAITING);
}

bool child_send_fds(const struct child *child, enum control packet, const int *fds, size_t n)
{
	char octet = (char)packet, room[CMSG_SPACE(ROLE_FDS_AT_ONCE * sizeof *fds)] = { 0 };
	struct iovec bytes = { &octet, 1 };
	struct msghdr message = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = CMSG_SPACE(n * sizeof *fds) };
	struct cmsghdr *rights = CMSG_FIRSTHDR(&message);

	rights->cmsg_level = SOL_SOCKET;
	rights->cmsg_type = SCM_RIGHTS;
	rights->cmsg_len = CMSG_LEN(n * sizeof *fds);
	memcpy(CMSG_DATA(rights), fds, n * sizeof *fds);
	return sendmsg(child->control_fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) == 1;
}
