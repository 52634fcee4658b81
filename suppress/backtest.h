/* suppress/backtest.h -- what other settings of [suppress] would have done with the mail that came.
 * Knows: policy over all events that are kept, address by address. Does not know how a table of it looks. Writes nothing.
 * Memory does not grow with the number of events: of an address the newest LIMIT_JUDGED_STRIKES are judged, as the list's are.
 *
 * With the settings in force it is the list, as far as events made it: what people and imports put there stays, and is told by
 * `keeps_cause`; what was taken away, taken back or waits is so here, too. */
#pragma once
#include "suppress/backtest_side.h"

enum { BACKTEST_SIDES = 2 };

/* What each policy makes of an address. Texts live until the callback returns. */
struct backtest_address {
	struct str address, provider; /* provider empty: none that is known */
	struct {
		const struct side_entry *entries;
		size_t n;
	} of[BACKTEST_SIDES];
};

struct backtest {
	const struct suppress_settings *sides[BACKTEST_SIDES]; /* the first is in force */
	size_t n_sides;
	int64_t since_us;
	void (*found)(void *context, const struct backtest_address *address); /* by address */
	void (*progress)(void *context, uint64_t events); /* now and then; NULL: none */
	void *context;
};

/* Errors: as in store.h; ERR_LIMIT: too many networks have too many unproven events on a day. */
MUST_CHECK enum err backtest_run(
	struct store *store, const struct backtest *backtest, uint64_t *ret_events);
