/* store/store_judge.h -- what the database keeps of an address, handed to whoever judges it, and the verdict back.
 * Knows: evidence, entries, the order in which they are locked. Does not know policy: a judge comes from outside
 * (suppress/policy/judge) and is a pure function, so that the same events give the same entry whenever they are judged.
 * All of it lies within a transaction. */
#pragma once
#include "core/suppression.h"
#include "store/store_suppress.h"

/* An event that weighs. */
struct store_strike {
	struct uuid event_id;
	int64_t at_us;      /* when it came to us */
	struct str stream;  /* of the mail, whatever its entry reaches */
	struct str network; /* that it came from; empty: not by SMTP */
	enum reason reason;
	enum reason_class class;
	enum decision decision; /* how far it was proven, when it came */
	bool complaint;
	bool serves; /* with the reply of a host that serves the recipient's domain */
	bool held;   /* of a provider whose answers were not to be trusted then */
};

/* All that is known of an address in a scope. */
struct store_case {
	const struct store_suppression *entry;
	int64_t forgiven_us; /* what came up to then does not count; TIMESTAMP_NONE: nothing was forgiven */
	int64_t delivered_us; /* when mail was last accepted; TIMESTAMP_NONE: not known */
	const struct store_strike
		*strikes; /* by time and id, at most LIMIT_JUDGED_STRIKES, the newest */
	size_t n_strikes;
};

struct store_verdict {
	enum suppression_state state;
	bool keeps_cause; /* only count and last_seen change */
	bool complaint;
	enum reason reason;
	enum reason_class class;
	int64_t first_seen_us, last_seen_us, expires_at_us;
	uint64_t count;
	bool has_evidence;
	struct uuid evidence; /* the event that says so, and when it came */
	int64_t evidence_at_us;
};

typedef void store_judge_fn(
	const void *context, const struct store_case *item, struct store_verdict *ret_verdict);

/* What a provider, and all others, had of answers that a user is not known. */
struct store_answers {
	uint64_t others_now;  /* in the same quarter of an hour */
	uint64_t own, others; /* in the weeks before */
	unsigned days;        /* that these are of */
};
/* How many of a quarter are believed; those beyond wait. */
typedef uint64_t store_guard_fn(const struct store_answers *answers);

struct store_judge {
	store_judge_fn *judge; /* NULL: nobody judges, nothing is kept */
	const void *context;
	unsigned network_strikes; /* unproven ones of one network that count in a day (UTC) */
	store_guard_fn *guard;    /* NULL: all is believed */
};
