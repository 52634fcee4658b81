/* store/store_export.h -- what became of the jobs that write lists, for who watches them.
 * Knows: rows. Does not know jobs (suppress/export). Errors: as in store.h. */
#pragma once
#include "store/store.h"

struct store_export {
	struct str name, definition, path, error; /* `error` is empty while the last run was good */
	int64_t next_us, started_us, completed_us, failed_us; /* TIMESTAMP_NONE: never */
	uint64_t failures;                                    /* since the last good run */
	uint64_t from_seq, to_seq, rows, left_out, files;     /* of the last good run */
};

/* A job is there: its row is made, or keeps what it tells. */
MUST_CHECK enum err store_export_plan(struct store *store, const struct store_export *job);
/* A run ended: `error` empty, and all its numbers stand; else it failed at now_us. */
MUST_CHECK enum err store_export_ran(
	struct store *store, const struct store_export *job, int64_t now_us);
/* Forgets all jobs but these; names have no line feed. */
MUST_CHECK enum err store_export_forget(struct store *store, const struct str *names, size_t n);

typedef bool store_export_fn(void *context, const struct store_export *job);
/* By name. */
MUST_CHECK enum err store_exports(struct store *store, store_export_fn *fn, void *context);
