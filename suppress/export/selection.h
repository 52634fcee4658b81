/* suppress/export/selection.h -- which entries a list of somebody is made of, and what of it came and went.
 * Knows: streams, classes, states, and that an address is gone only where no entry of the selection holds it any more.
 * Does not know formats or files. Pure but for the walk that it is given. */
#pragma once
#include "core/arena.h"
#include "suppress/export/listing.h"

enum { SELECTION_STREAMS = 64 };
/* What an entry is there for. */
enum selection_class {
	SELECTION_HARD,
	SELECTION_SOFT,
	SELECTION_BLOCK,
	SELECTION_COMPLAINT,
	SELECTION_UNSUBSCRIBE, /* and what a person put there */
	SELECTION_OTHER,       /* of no class that is known, such as most of what was imported */
	SELECTION_CLASS_COUNT
};

struct selection {
	struct str streams[SELECTION_STREAMS]; /* entries for every stream count for each of them */
	size_t n_streams;                      /* 0: all entries */
	unsigned classes;                      /* 1u << enum selection_class; 0: all */
	bool held;                             /* those in state `held` as well */
};

enum pick {
	PICK_FULL,    /* entries of the selection that stand */
	PICK_ADDED,   /* of each address that changed, one that stands */
	PICK_REMOVED, /* of each address that changed and has none that stands, one that does not */
	PICK_CHANGES, /* each entry of the selection that changed, whatever became of it */
	PICK_COUNT
};
/* "full", "added", "removed", "changes". */
struct str pick_name(enum pick pick);

struct str selection_class_name(enum selection_class class);
bool selection_class_from_name(struct str name, enum selection_class *ret_class);
bool selection_takes(const struct selection *selection, const struct store_suppression *row);
/* `walk` is listing_walk, or another one that a test has. */
MUST_CHECK enum err selection_walk(const struct selection *selection, enum pick pick,
	listing_fn *walk, void *walk_context, uint64_t from_seq, uint64_t to_seq,
	store_suppression_fn *fn, void *fn_context);
