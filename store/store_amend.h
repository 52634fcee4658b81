/* store/store_amend.h -- evidence that is taken back, or waits and is let go, and the entries that follow from it.
 * Knows: windows, providers, holds. Does not know when a provider is not to be believed (suppress/policy/guard).
 * Each verb is one transaction; entries are judged anew by what is left. Errors: as in store.h. */
#pragma once
#include "store/store_judge.h"

/* A time in which a provider is not believed. */
struct store_hold {
	int64_t id;
	struct str provider;       /* or a domain, where none is known */
	int64_t since_us, last_us; /* the end of the last quarter that had too many */
	struct str state;          /* "open", "released", "discarded" */
	uint64_t n,
		limit; /* of the quarter that gave the alarm: all, and those that were believed */
	int64_t decided_us;
	struct str decided_by;
	uint64_t entries; /* that wait */
};
typedef void store_hold_fn(void *context, const struct store_hold *hold);

enum store_holds { STORE_HOLDS_ALL, STORE_HOLDS_UNTOLD, STORE_HOLDS_OVER };
/* The newest 1000; of STORE_HOLDS_UNTOLD the open ones nobody was told of, of STORE_HOLDS_OVER the open ones whose last
 * alarm was before `before_us`. */
MUST_CHECK enum err store_holds(struct store *store, enum store_holds which, int64_t before_us,
	store_hold_fn *fn, void *context);
/* How many are open, and how many events wait for them. */
MUST_CHECK enum err store_holds_sum(struct store *store, uint64_t *ret_open, uint64_t *ret_events);
MUST_CHECK enum err store_hold_told(struct store *store, int64_t id);

struct store_amended {
	uint64_t events;     /* taken back; of a hold: not counted */
	uint64_t entries;    /* judged anew */
	uint64_t lifted;     /* not suppressed any more */
	uint64_t suppressed; /* suppressed now */
};
enum store_hold_end { STORE_HOLD_RELEASE, STORE_HOLD_DISCARD };
/* ERR_NOT_FOUND: no open hold of this id. */
MUST_CHECK enum err store_hold_decide(struct store *store, const struct store_judge *judge,
	int64_t id, enum store_hold_end end, struct str by, int64_t now_us,
	struct store_amended *ret_amended);

/* Empty text: any. */
struct store_undo {
	int64_t from_us, to_us; /* when events came */
	struct str provider;    /* or the recipients' domain */
	struct str rule, reason, stream;
	bool dry_run; /* nothing is kept of it */
};
MUST_CHECK enum err store_undo(struct store *store, const struct store_judge *judge,
	const struct store_undo *undo, int64_t now_us, struct store_amended *ret_amended);

/* What the weeks before now_us had, anew; and forgets what is older. */
MUST_CHECK enum err store_guard_refresh(struct store *store, int64_t now_us);
