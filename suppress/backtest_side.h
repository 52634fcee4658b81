/* suppress/backtest_side.h -- one policy of a backtest: which events of an address count, and what it makes of them.
 * Knows: policy and judge. Does not know where events come from (suppress/backtest). Pure. */
#pragma once
#include "store/store_backtest.h"
#include "suppress/suppress_settings.h"

#include <glib.h>

/* Events against an address that have one entry: a ring of the newest. */
struct scope {
	struct str stream;
	struct store_strike *ring;
	size_t room, n; /* n counts all */
};

/* An entry as the policy would have it; of `stream` empty: every one. */
struct side_entry {
	struct str stream;
	struct store_verdict verdict;
};

struct side {
	const struct suppress_settings *settings;
	struct judge judge;
	struct store_judge store_judge;
	unsigned bit;
	bool other_scope;          /* entries of another reach than those in force have */
	GHashTable *policies;      /* of streams, by name */
	struct arena *arena;       /* of them */
	struct store_strike *line; /* LIMIT_JUDGED_STRIKES */
	/* Of the address at hand, in its arena. */
	struct scope *scopes;
	size_t n_scopes, scopes_room;
};

/* What is known of an address beside its events. */
struct beside {
	const struct store_backtest_entry *entries;
	size_t n_entries;
	const struct store_backtest_delivery *deliveries;
	size_t n_deliveries;
};

/* The place-th of several; `in_force` is what the list was made by. */
void side_init(struct side *side, size_t place, const struct suppress_settings *settings,
	const struct suppress_settings *in_force);
void side_release(struct side *side);
/* Does it count unproven events of a network? */
bool side_counts_networks(const struct side *side);
enum decision side_decides(struct side *side, const struct store_backtest_group *group);
/* The next address: its arena is empty. */
void side_reset(struct side *side);
/* `network` is asked for once: empty and not known yet while *has_network is false. */
void side_add(struct side *side, struct arena *arena, const struct store_backtest_event *event,
	struct str *network, bool *has_network);
/* The entries of the address, in its arena. */
const struct side_entry *side_judge(
	struct side *side, struct arena *arena, struct str address, const struct beside *beside);
