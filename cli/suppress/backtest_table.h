/* cli/suppress/backtest_table.h -- a backtest counted by reason and provider, as lines or JSON.
 * Knows: verdicts. Does not know where they come from. An address counts once for each policy, by its heaviest entry.
 * Bounds: BACKTEST_PROVIDERS of a reason; the rest is one row. */
#pragma once
#include "core/buf.h"
#include "suppress/backtest.h"

enum { BACKTEST_PROVIDERS = 64 };

struct backtest_row {
	struct str provider;
	uint64_t suppressed, held, strikes, expired; /* by the policy that is tried */
	uint64_t in_force, more, fewer; /* suppressed now; by the one alone, by the other alone */
};

struct backtest_table {
	struct arena *arena;
	int64_t now_us; /* what ended before is expired */
	size_t tried;   /* which side is tried: the first is in force */
	struct backtest_row rows[REASON_COUNT][BACKTEST_PROVIDERS];
	size_t n_rows[REASON_COUNT];
	struct backtest_row total;
	uint64_t addresses, by_hand;
};

void backtest_table_add(struct backtest_table *table, const struct backtest_address *address);
void backtest_table_print(const struct backtest_table *table, bool compared, struct buf *out);

struct backtest_said {
	int64_t since_us;
	struct str policy,
		in_force; /* as `suppress_policy_version` has them; in_force empty: not compared */
	uint64_t events;
};
void backtest_table_json(
	const struct backtest_table *table, const struct backtest_said *said, struct buf *out);
