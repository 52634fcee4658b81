/* suppress/hook/hook_round.h -- what happened since the last round written down as messages, and those that are due sent.
 * Knows: that a message is written down in the transaction that takes away what it is made of, and that it goes when its
 * target has taken it: each is told at least once, whatever crashes. One at a time on a database. Not pure. */
#pragma once
#include "store/store.h"
#include "suppress/hook/hook_target.h"

struct hook_round {
	const struct hook_target *targets;
	size_t n;
	int64_t (*now_us)(void);
	/* What came of a message, for the log; `problem` is empty where it was taken. */
	void (*said)(struct str target, int64_t id, struct str problem, bool dead);
};

/* *ret_busy: there is more to do at once. */
MUST_CHECK enum err hook_round_run(
	const struct hook_round *round, struct store *store, bool *ret_busy);
/* A message of type "test" to the target, at once. */
MUST_CHECK enum err hook_round_test(
	const struct hook_round *round, struct store *store, size_t target);
