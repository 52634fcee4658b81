/* store/store_suppress.h -- the suppression list in the database: whom not to mail, and the events that say so.
 * Knows: rows and their numbers. Does not know how an event was judged (suppress/policy), or formats of files.
 * Addresses are those of suppression_address(); stream empty is every stream. Errors: as in store.h.
 * The loader's part, strikes and suppressions by events, is in store_batch_commit (store.h). */
#pragma once
#include "store/form/suppression_row.h"
#include "store/store.h"

/* Texts live until the callback returns. False ends the rows early, without an error. */
typedef bool store_suppression_fn(void *context, const struct store_suppression *row);

/* Where a page ended: its last row. */
struct store_suppression_place {
	struct str address, stream;
};

struct store_suppressions_query {
	int state;                /* enum suppression_state; -1: any but strikes */
	struct str domain;        /* empty: any */
	const struct str *stream; /* NULL: any; else what reaches it: its own and every stream's */
	const struct store_suppression_place *after; /* NULL: from the start */
	size_t limit;                                /* 1 to LIMIT_PAGE_ROWS */
	int64_t now_us; /* an entry whose end has come is `expired`, whatever its row says */
};

/* By address, then stream. */
MUST_CHECK enum err store_suppressions(struct store *store,
	const struct store_suppressions_query *query, store_suppression_fn *fn, void *context);
/* Rows, removed ones too, whose newest change has a number in (after_seq, up_to_seq], by number: the next
 * page is that after the last row's seq. limit: 1 to LIMIT_PAGE_ROWS. */
MUST_CHECK enum err store_suppression_changes(struct store *store, uint64_t after_seq,
	uint64_t up_to_seq, size_t limit, store_suppression_fn *fn, void *context);
/* Gives numbers to the changes that have none. *ret_seq: the last number given, now or before; whoever has
 * seen all up to it misses nothing below. */
MUST_CHECK enum err store_suppressions_number(struct store *store, uint64_t *ret_seq);

/* Texts are copied to `arena`. ERR_NOT_FOUND. */
MUST_CHECK enum err store_suppression_get(struct store *store, struct arena *arena,
	struct str address, struct str stream, struct store_suppression *ret_row);

struct store_evidence {
	struct uuid event_id;
	int64_t seen_at_us;
};
/* The events behind a row, at most one a day, the newest first; `limit` at most LIMIT_PAGE_ROWS. */
MUST_CHECK enum err store_suppression_evidence(struct store *store, struct arena *arena,
	struct str address, struct str stream, size_t limit, struct store_evidence **ret_events,
	size_t *ret_n);

/* Does one digest of an erased address, where there are any, come along? Who sees one then asks for those of the addresses. */
enum store_digest { STORE_DIGEST_IGNORE, STORE_DIGEST_TELL };
/* All entries that reach one of the addresses, in any state: its own and its domain's (`@example.com`), by
 * address and stream; for every stream and for `stream` (NULL: for any). ERR_LIMIT: over LIMIT_SUPPRESSION_ROWS. */
MUST_CHECK enum err store_suppression_check(struct store *store, const struct str *addresses,
	size_t n, const struct str *stream, enum store_digest digest, store_suppression_fn *fn,
	void *context);

struct store_reference {
	struct str address, stream;
};
typedef void store_evidence_fn(
	void *context, struct str address, struct str stream, const struct store_evidence *event);
/* The newest `limit` events of each of the entries. ERR_LIMIT: over 2 * LIMIT_SUPPRESSION_ROWS. */
MUST_CHECK enum err store_suppression_events(struct store *store,
	const struct store_reference *entries, size_t n, size_t limit, store_evidence_fn *fn,
	void *context);

/* Puts rows on the list, in one transaction, as active, held or allowed; count, evidence and seq are not looked at. A
 * cause that is weaker than the one that stands (bounce, import, complaint, manual: from weak to strong) does not
 * replace it; "manual" replaces the state as well, and nothing else what is allowed. What a person removed comes back
 * only by a row that was last seen after that, or whose source is "manual". *ret_kept: rows that are on the list now because of this call, or were before.
 * ERR_LIMIT: over LIMIT_SUPPRESSION_ROWS. ERR_RANGE: a text too long, or a moment that is none. */
MUST_CHECK enum err store_suppressions_put(
	struct store *store, const struct store_suppression *rows, size_t n, size_t *ret_kept);
/* The row stays, in state `removed`; its evidence and strikes are forgotten. ERR_NOT_FOUND: not there. */
MUST_CHECK enum err store_suppression_remove(
	struct store *store, struct str address, struct str stream, struct str by, int64_t now_us);
/* Entries whose end has come are `expired` from now on, a change as any other. */
MUST_CHECK enum err store_suppressions_expire(
	struct store *store, int64_t now_us, size_t *ret_expired);
/* Forgets strikes from before `before_us` that led to nothing. */
MUST_CHECK enum err store_suppression_purge(
	struct store *store, int64_t before_us, size_t *ret_purged);

enum store_walk {
	STORE_WALK_ACTIVE, /* every entry in state `active` that has a number */
	STORE_WALK_HELD,   /* the same, and those in state `held` */
	STORE_WALK_AFFECTED, /* every entry, in any state, of an address that has one that changed in (from_seq, to_seq] */
};
/* By address, then stream, in one snapshot, however long it takes; `fn` may not ask the store meanwhile. From behind `after` on, for who
 * wants some of them soon; NULL: all, for who wants them all, read while the server looks for the next. */
MUST_CHECK enum err store_suppression_walk(struct store *store, enum store_walk walk,
	uint64_t from_seq, uint64_t to_seq, const struct store_suppression_place *after,
	store_suppression_fn *fn, void *context);
/* Every entry in state `allowed`, by address, then stream, within the caller's transaction if there is one, which ends where `fn` does not
 * want them all. */
MUST_CHECK enum err store_suppressions_allowed(
	struct store *store, store_suppression_fn *fn, void *context);
/* How many entries are in each state. It looks at all of them. */
MUST_CHECK enum err store_suppressions_count(
	struct store *store, uint64_t ret_counts[static SUPPRESSION_STATE_COUNT]);
