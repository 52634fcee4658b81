/* suppress/export/job_command.h -- what is run when the files of a job are in place: a program and its words, never a shell.
 * Knows: words behind each other, apart by blanks, '...' around what has blanks in it; places in braces, which are filled in when
 * the words are apart, so that no value becomes two words or another program. Does not know processes. Pure. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

enum { JOB_COMMAND_WORDS = 32 };

struct job_command {
	struct str words[JOB_COMMAND_WORDS];
	size_t n;       /* 0: there is none */
	bool each_file; /* once for each file, else once for each run of the job */
};

/* False: no absolute path first, a quote that is open, a place that is not known, too many words. */
bool job_command_read(struct arena *arena, struct str text, struct job_command *ret_command);

/* What is filled in: {file}, {manifest}, {name}, {format}, {change}, {from}, {to}. No text has a NUL. */
struct job_command_values {
	struct str file, manifest, name, format, change, from, to;
};
/* Ends with NULL, as execve wants it; in `arena`. */
char **job_command_argv(const struct job_command *command, const struct job_command_values *values,
	struct arena *arena);
