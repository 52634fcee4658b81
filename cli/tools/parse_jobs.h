/* cli/tools/parse_jobs.h -- files of mail, parsed by several threads and printed in the order in which they were named.
 * Knows: threads, whose turn it is. Does not know what is printed of a mail: `report` is told. Memory: of each thread the
 * output of the file at hand, up to JOBS_HELD_BYTES while others have their turn. */
#pragma once
#include "core/buf.h"
#include "core/report.h"
#include "parser/parse.h"

enum { JOBS_MOST = 256, JOBS_HELD_BYTES = 1 << 20 };

struct parse_jobs {
	const struct parse_rules *rules;
	char *const *paths;
	size_t n_paths;
	unsigned threads; /* 1 to JOBS_MOST; 1: no thread is made */
	bool account;     /* see parser_ask_account */
	/* Appends what is to be printed of one mail; called by every thread, with `context`. */
	void (*report)(const void *context, const struct report *report, const char *path,
		struct buf *out);
	const void *context;
};

/* False where a file could not be read or written, which was said on standard error. */
bool parse_jobs_run(const struct parse_jobs *jobs);
