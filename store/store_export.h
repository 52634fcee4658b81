/* store/store_export.h -- what became of the jobs that write lists, for who watches them.
 * Knows: rows. Does not know jobs (suppress/export). Errors: as in store.h. */
#pragma once
#include "store/store.h"

struct store_export {
	struct str name, definition, path, error; /* `error` is empty while the last run was good */
	int64_t next_us, started_us, completed_us, failed_us; /* TIMESTAMP_NONE: never */
	uint64_t failures;                                    /* since the last good run */
	uint64_t from_seq, to_seq, rows, left_out, files;     /* of the last good run */
	/* Of its command; all 0, empty and TIMESTAMP_NONE while it has nothing to do with one. */
	uint64_t to_deliver, delivery_failures, delivered_seq;
	int64_t delivered_us, delivery_next_us;
	struct str
		delivery_status; /* of the last command that did not end well; empty: the last one did */
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

/* Files that the command of a job is to be given. */
struct store_delivery {
	int64_t id;
	struct str job, files;     /* a line each: what it tells, a tab, its name */
	bool whole;                /* what is to be delivered before it no longer is */
	int64_t made_us, next_us;  /* next: TIMESTAMP_NONE when it is over */
	uint64_t from_seq, to_seq; /* from_seq 0: everything */
	uint64_t n_files, done_files, failures;
};
/* One that is known already changes nothing. */
MUST_CHECK enum err store_delivery_add(
	struct store *store, const struct store_delivery *delivery, int64_t now_us);
/* The first of a job that is not over, in `arena`. ERR_NOT_FOUND: there is none. */
MUST_CHECK enum err store_delivery_next(
	struct store *store, struct str job, struct arena *arena, struct store_delivery *ret);
/* What became of it at now_us: `done_files`, `failures` and `next_us` stand in `delivery`; `status` is empty where the command
 * ended well. One that is gone meanwhile stays so. */
MUST_CHECK enum err store_delivery_tried(struct store *store, const struct store_delivery *delivery,
	struct str status, int64_t now_us);
/* Forgets those of all jobs but these; names have no line feed. */
MUST_CHECK enum err store_delivery_forget(struct store *store, const struct str *names, size_t n);
