/* suppress/policy/judge.h -- all events that weigh against an address, judged together.
 * Knows: rules, strikes, deliveries between them, expiry. Does not know how far an event is to be believed
 * (suppress/policy/policy says it when the event comes) or where events are kept. Pure: the same events in any order
 * of arrival give the same verdict.
 *
 * Strikes of a rule lie at least JUDGE_APART_US apart. One that is not proven comes from another network than those that
 * count already, or with the reply of a host that serves the recipient's domain. A delivery after a strike wipes it out. */
#pragma once
#include "store/store_judge.h"
#include "suppress/policy/rules.h"

#define JUDGE_APART_US (20 * 3600 * TIMESTAMP_SECOND_US)

struct judge {
	const struct policy_rules *rules;
	unsigned weak_strikes; /* that are needed where one of them is not proven */
	unsigned window_days;  /* within so many days */
};

/* A store_judge_fn; `judge` is a struct judge. */
void judge_case(
	const void *judge, const struct store_case *item, struct store_verdict *ret_verdict);
