/* suppress/entry.h -- what a person does to one entry.
 * Knows: that an address which was erased stands on the list as its digest. Does not know JSON or options. Not pure. */
#pragma once
#include "core/arena.h"
#include "store/store_suppress.h"

/* As store_suppression_remove, of the address and of its digest. ERR_NOT_FOUND: neither is on the list. */
MUST_CHECK enum err entry_remove(struct store *store, struct arena *arena, struct str address,
	struct str stream, struct str who, int64_t now_us);

/* As store_erase; the digest takes the place of the address. ERR_SYNTAX: the text is none. */
MUST_CHECK enum err entry_erase(struct store *store, struct arena *arena, struct str text,
	int64_t now_us, struct store_erased *ret_erased);
