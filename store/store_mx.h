/* store/store_mx.h -- whose mailboxes a domain has that the program's table does not know, as the DNS said.
 * Knows: rows, locks, what moves. Does not know the DNS, or names of providers. Errors: as in store.h.
 * A domain is asked for when its first event or volume is stored. What was stored before the answer moves with it, in every
 * count, so that failures and attempts of a domain always stand under one provider; later answers hold for what is stored then. */
#pragma once
#include "store/store.h"

enum { STORE_MX_ROWS = 256 };

typedef void store_mx_fn(void *context, struct str domain, uint64_t failures);
/* Domains that are to be asked for, the longest due first, at most STORE_MX_ROWS, with how often nobody answered. */
MUST_CHECK enum err store_mx_due(
	struct store *store, int64_t now_us, store_mx_fn *fn, void *context, size_t *ret_n);

struct store_mx {
	struct str domain;
	struct str host, provider; /* empty: it has no mail host; nobody's that is known */
	bool answered;             /* false: nobody said anything, and what was known stays */
	int64_t due_us;            /* when to ask again */
};
/* At most STORE_MX_ROWS, in one transaction, which waits for those that store, and they for it. *ret_moved: events. */
MUST_CHECK enum err store_mx_learn(struct store *store, const struct store_mx *rows, size_t n,
	int64_t now_us, size_t *ret_moved);
