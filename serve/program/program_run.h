/* serve/program/program_run.h -- a program of the operator's that runs for a while: started, listened to, ended in time.
 * Knows: processes, their group, what they print. Does not know what for. What a program still runs when it ends, or when its
 * time is over, is killed with it: its group. Times are of CLOCK_MONOTONIC, in milliseconds. */
#pragma once
#include "core/str.h"

#include <stdint.h>
#include <sys/types.h>

enum { PROGRAM_OUTPUT_BYTES = 4096, PROGRAM_STATUS_BYTES = 32 };

struct program_run {
	pid_t pid; /* 0: none */
	int end_fd, output_fd;
	int64_t started_ms, due_ms; /* killed at due_ms */
	bool late;
	char output[PROGRAM_OUTPUT_BYTES]; /* the first of what it printed, on both ways */
	size_t output_n;
	uint64_t output_lost;
};

/* With an environment of PATH and LANG alone, /dev/null to read from, / as its folder, in a session of its own. False: no
 * process; *run is unused. A program that cannot be executed ends with 127 and says so in its output. */
bool program_start(struct program_run *run, char *const *argv, int64_t now_ms, int64_t limit_ms);
/* Reads what it printed. True: it ended; nothing of it is left. *ret_status is "" where it ended well, else "exit 3",
 * "signal 11" or "time limit". */
bool program_look(
	struct program_run *run, int64_t now_ms, char ret_status[static PROGRAM_STATUS_BYTES]);
/* Kills it and what it started. */
void program_kill(struct program_run *run);
