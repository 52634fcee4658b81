/* store/store_backtest.h -- all that is kept and may weigh against addresses, by address, for who judges it by another policy.
 * Knows: events, the entries of people, deliveries, in one snapshot that nothing is written to. Does not know policy
 * (suppress/backtest). Memory does not grow with the number of events. Errors: as in store.h.
 * Texts live until the next of the same kind is asked for. */
#pragma once
#include "store/store_judge.h"

struct store_backtest;

/* Opens the snapshot: events that came since since_us. It must be closed, whatever happens. */
MUST_CHECK enum err store_backtest_open(
	struct store *store, int64_t since_us, struct store_backtest **ret_backtest);
void store_backtest_close(struct store_backtest *backtest);

/* So many unproven events of one kind, of a peer on a day (UTC). */
struct store_backtest_group {
	int64_t day_us;
	struct str peer, stream, reason_text;
	enum reason reason;
	enum reason_class class;
	enum outcome outcome;
	enum kind kind;
	uint64_t n;
};
typedef enum err store_backtest_group_fn(void *context, const struct store_backtest_group *group);
/* Has any network of peers (origin_network) more than `most` such events on a day? Perhaps, where it says so. */
MUST_CHECK enum err store_backtest_is_loud(
	struct store_backtest *backtest, unsigned most, bool *ret_loud);
/* By day. */
MUST_CHECK enum err store_backtest_groups(
	struct store_backtest *backtest, store_backtest_group_fn *fn, void *context);

/* A group whose network has too many events on its day for policy `bit` (1, 2, 4, ...): all behind the first `most` of the
 * network, by arrival, will be told by that bit. */
struct store_backtest_full {
	unsigned bit, most;
	struct str network;
	const struct store_backtest_group *group;
};
void store_backtest_add_full(
	struct store_backtest *backtest, const struct store_backtest_full *full);

/* Reads begin: groups are told, and all that is full was said. */
MUST_CHECK enum err store_backtest_begin(struct store_backtest *backtest);

struct store_backtest_event {
	struct str address;         /* in lower case; not checked */
	struct store_strike strike; /* without `decision`, `serves`, `network` */
	struct str provider;
	struct str domain, remote_mta, peer; /* empty where the event is proven */
	enum outcome outcome;
	enum kind kind;
	enum proof proof;
	unsigned over; /* bits of policies for which its network had too many */
};
/* By address, arrival, id. */
MUST_CHECK enum err store_backtest_event(
	struct store_backtest *backtest, struct store_backtest_event *ret_event, bool *ret_more);

/* An entry that a person or an import made, or that was taken away by a person. */
struct store_backtest_entry {
	struct store_suppression entry; /* address, stream, state, source, expires_at_us alone */
	int64_t forgiven_us;
};
/* By address and stream. */
MUST_CHECK enum err store_backtest_entry(
	struct store_backtest *backtest, struct store_backtest_entry *ret_entry, bool *ret_more);

struct store_backtest_delivery {
	struct str address, stream;
	int64_t at_us;
};
/* By address. */
MUST_CHECK enum err store_backtest_delivery(struct store_backtest *backtest,
	struct store_backtest_delivery *ret_delivery, bool *ret_more);
