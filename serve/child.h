/* serve/child.h -- one process of a role, seen from the supervisor.
 * Knows: its state, how it is started (descriptors, settings, environment) and when again.
 * State changes in child_enter alone. Times are of CLOCK_MONOTONIC, in milliseconds. */
#pragma once
#include "serve/role.h"

#include <stdint.h>
#include <sys/types.h>

enum child_state {
	CHILD_WAITING,  /* for the schema, its client, or the end of its back-off */
	CHILD_STARTING, /* runs, has not said that it is ready */
	CHILD_READY,
	CHILD_STOPPING, /* was told to end */
	CHILD_ENDED,    /* will not be started again */
};
enum { CHILD_BACKOFF_MIN_MS = 100, CHILD_BACKOFF_MAX_MS = 30000, CHILD_STEADY_MS = 10000 };

struct child {
	enum role_id role;
	struct child *client; /* of a parser or deliver; NULL: none */
	enum child_state state;
	pid_t pid;        /* 0: does not run */
	int control_fd;   /* -1: none */
	int hand_over_fd; /* of a parser or deliver: the end of its client, until it is ready; -1: none */
	int64_t started_ms, due_ms; /* due: not to be started before */
	unsigned failures;          /* in a row */
	const char *word;           /* behind the number of its descriptors (role.h) */
	bool drains;                /* ends by itself; exit 0 is success */
};

/* What a start hands over beside the settings; the descriptors stay the caller's. */
struct child_start {
	struct config *config;
	const int *fds;
	size_t n_fds;
};

int64_t child_now_ms(void);
void child_enter(struct child *child, enum child_state state);
/* Forks and executes this program again as the role. False: no process, tried again after a back-off. */
bool child_start(struct child *child, const struct child_start *start);
/* Sends the signal that stops it; SIGKILL when it was told before. */
void child_stop(struct child *child);
/* The process is gone. `wait_status` as of waitpid. Decides whether and when it starts again. */
void child_ended(struct child *child, int wait_status);
/* Hands descriptors, at most ROLE_FDS_AT_ONCE, to the child over its control socket; false: it is gone or
 * its socket is full. */
bool child_send_fds(const struct child *child, enum control packet, const int *fds, size_t n);
/* Milliseconds to wait before the start after `failures` failures in a row. Pure. */
int64_t child_backoff_ms(unsigned failures);
