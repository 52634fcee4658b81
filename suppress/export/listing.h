/* suppress/export/listing.h -- all rows of a list, page by page, so that none of its size is in memory.
 * Knows: the store's pages. Does not know formats or files. Not pure. */
#pragma once
#include "store/store_suppress.h"

enum listing {
	LISTING_FULL,     /* every row in state `active` that has a number, by address */
	LISTING_CHANGES,  /* rows changed in (from_seq, to_seq], removed ones too, by number */
	LISTING_HELD,     /* as LISTING_FULL, and every row in state `held` */
	LISTING_AFFECTED, /* every row, in any state, of an address that has one that changed in (from_seq, to_seq], by address */
	LISTING_COUNT
};

/* What a listing calls for each row, and how. `context` of a listing_fn is its own: here the store. */
typedef enum err listing_fn(void *context, enum listing listing, uint64_t from_seq, uint64_t to_seq,
	store_suppression_fn *fn, void *fn_context);

/* The same behind a place, which a listing by number does not look at; NULL: from the start, all of it. */
MUST_CHECK enum err listing_walk_from(struct store *store, enum listing listing, uint64_t from_seq,
	uint64_t to_seq, const struct store_suppression_place *after, store_suppression_fn *fn,
	void *fn_context);
/* A listing_fn whose context is a struct store, which `fn` may not use. Rows that change while it runs come as they were
 * when it began; in LISTING_CHANGES, which goes by pages, one that gets a new number meanwhile may be left to the next
 * listing, from to_seq on. False from `fn` ends it, without an error. */
MUST_CHECK enum err listing_walk(void *store, enum listing listing, uint64_t from_seq,
	uint64_t to_seq, store_suppression_fn *fn, void *fn_context);
