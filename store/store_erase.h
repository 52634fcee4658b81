/* store/store_erase.h -- forgetting a person: what the law may ask of an operator.
 * Knows: where an address stands. Rows stay, without what tells whose they are, so that counts and
 * their check against the events hold. Does not touch the suppression list, which exists so that the
 * person is not mailed again, nor the spool, whose files go when their retention is over. */
#pragma once
#include "store/store.h"

struct store_erased {
	size_t events;   /* emptied of addresses and diagnostic */
	size_t messages; /* emptied of paths and of what the original said */
	size_t raw;      /* deleted */
};

/* One transaction. `address` without regard to ASCII case, as recipient, final or original recipient
 * of an event, or as reverse-path of a message. */
MUST_CHECK enum err store_erase(
	struct store *store, struct str address, struct store_erased *ret_erased);
