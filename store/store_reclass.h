/* store/store_reclass.h -- events that are kept, judged anew: what changes moves in every count and in what is held
 * against an address.
 * Knows: rows, rollups, evidence. Does not know rules: verdicts come from outside. Errors: as in store.h. */
#pragma once
#include "store/store_judge.h"

enum { RECLASS_ROWS = 500, RECLASS_RAW_BYTES = 64 << 10 };

/* An event as it is kept; texts live until the callback returns. */
struct store_reclass_event {
	struct uuid id;
	int64_t received_at_us;
	uint32_t number; /* within its message, from 1 */
	enum outcome outcome;
	struct str recipient, status, diagnostic, remote_mta, reason, class;
	struct str raw; /* of its message; empty: not kept, or over RECLASS_RAW_BYTES */
};
typedef void store_reclass_fn(void *context, const struct store_reclass_event *event);
/* Failures and delays that came since from_us, behind `after` (NULL: from the first), at most RECLASS_ROWS, by id.
 * *ret_last is the last of them; *ret_n 0: there are no more. Events that were erased are passed over. */
MUST_CHECK enum err store_reclass_read(struct store *store, int64_t from_us,
	const struct uuid *after, store_reclass_fn *fn, void *context, struct uuid *ret_last,
	size_t *ret_n);

/* Another verdict on an event. */
struct store_reclass {
	struct uuid id;
	int64_t received_at_us;
	enum reason old_reason, reason;
	enum reason_class class;
	struct rule_ref rule; /* texts borrowed */
	double confidence;
};
/* At most RECLASS_ROWS, in one transaction: events, their counts, evidence, and the entries that it was evidence for, as
 * `judge` sees them now. Evidence that a new verdict takes away goes; what weighed nothing weighs nothing still, since nobody knows
 * any more how far it was to be trusted. An event that has another reason than old_reason by now is left alone. *ret_n: changed. */
MUST_CHECK enum err store_reclass_apply(struct store *store, const struct store_judge *judge,
	const struct store_reclass *rows, size_t n, int64_t now_us, size_t *ret_n);
