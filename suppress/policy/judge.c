#include "suppress/policy/judge.h"

#include "core/limits.h"

#include <string.h>

/* One rule against the events that come under it. */
struct run {
	const struct judge *judge;
	const struct policy_rule *rule;
	const struct store_strike *taken[LIMIT_JUDGED_STRIKES]; /* strikes, within the window */
	size_t n_taken;
	const struct store_strike *cause; /* the newest event of an entry that stands, or stood */
	bool active, held;
	int64_t expires_us; /* of the entry; TIMESTAMP_NONE: never */
};

/* Mail got through: what was counted is over, and so is an entry that was made of counting. */
static void deliver(struct run *run)
{
	run->n_taken = 0;
	if (run->rule->strikes > 1)
		run->active = run->held = false;
}

static void prolong(struct run *run, const struct store_strike *event)
{
	run->cause = event;
	run->expires_us = run->rule->expire_days
				  ? event->at_us + run->rule->expire_days * TIMESTAMP_DAY_US
				  : TIMESTAMP_NONE;
}

static void enter(struct run *run, const struct store_strike *event, bool held)
{
	run->active = !held;
	run->held = held;
	prolong(run, event);
}

static bool is_weak(const struct store_strike *event)
{
	return event->decision == DECISION_STRIKE;
}

/* From the same hands as a strike that counts already? */
static bool is_same_hand(const struct run *run, const struct store_strike *event)
{
	if (!is_weak(event) || event->serves)
		return false;
	for (size_t i = 0; i < run->n_taken; i++)
		if (is_weak(run->taken[i]) && str_eq(run->taken[i]->network, event->network))
			return true;
	return false;
}

static void leave_window(struct run *run, int64_t at_us)
{
	int64_t from_us = at_us - run->judge->window_days * TIMESTAMP_DAY_US;
	size_t gone = 0;

	while (gone < run->n_taken && run->taken[gone]->at_us <= from_us)
		gone++;
	run->n_taken -= gone;
	memmove(run->taken, run->taken + gone, run->n_taken * sizeof *run->taken);
}

static bool is_enough(const struct run *run)
{
	unsigned wanted = run->rule->strikes;
	int64_t span_us = run->taken[run->n_taken - 1]->at_us - run->taken[0]->at_us;

	for (size_t i = 0; i < run->n_taken && wanted < run->judge->weak_strikes; i++)
		if (is_weak(run->taken[i]))
			wanted = run->judge->weak_strikes;
	return run->n_taken >= wanted && span_us >= run->rule->days * TIMESTAMP_DAY_US;
}

static void strike(struct run *run, const struct store_strike *event)
{
	bool apart;

	leave_window(run, event->at_us);
	apart = !run->n_taken ||
		event->at_us - run->taken[run->n_taken - 1]->at_us >= JUDGE_APART_US;
	if (!apart || is_same_hand(run, event))
		return;
	run->taken[run->n_taken++] = event;
	if (is_enough(run))
		enter(run, event, event->held);
}

static void take(struct run *run, const struct store_strike *event)
{
	bool over = run->expires_us != TIMESTAMP_NONE && event->at_us >= run->expires_us;

	if ((run->active || run->held) && over) {
		run->active = run->held = false;
		run->n_taken = 0;
	}
	if (run->active)
		prolong(run, event);
	else if (event->decision == DECISION_HOLD)
		enter(run, event, true);
	else if (run->rule->strikes == 1 && !is_weak(event))
		enter(run, event, event->held);
	else
		strike(run, event);
}

static void run_rule(
	struct run *run, const struct judge *judge, size_t rule, const struct store_case *item)
{
	bool delivered = item->delivered_us == TIMESTAMP_NONE;

	*run = (struct run){
		.judge = judge, .rule = &judge->rules->row[rule], .expires_us = TIMESTAMP_NONE
	};
	for (size_t i = 0; i < item->n_strikes; i++) {
		const struct store_strike *event = &item->strikes[i];

		if (event->at_us <= item->forgiven_us ||
			policy_rule_of(judge->rules, event->stream, event->complaint, event->reason,
				event->class) != rule)
			continue;
		if (!delivered && event->at_us >= item->delivered_us) {
			deliver(run);
			delivered = true;
		}
		take(run, event);
	}
	if (!delivered)
		deliver(run);
}

/* ---- what all rules say together ---- */

static enum suppression_state state_of(const struct run *run)
{
	if (run->active)
		return SUPPRESSION_ACTIVE;
	if (run->held)
		return SUPPRESSION_HELD;
	return run->n_taken ? SUPPRESSION_STRIKES : SUPPRESSION_REMOVED;
}

/* The heaviest answers; of equals a complaint, then the newest. */
static unsigned weight_of(const struct run *run)
{
	static const unsigned weights[SUPPRESSION_STATE_COUNT] = {
		[SUPPRESSION_STRIKES] = 2, [SUPPRESSION_HELD] = 4, [SUPPRESSION_ACTIVE] = 6
	};

	return weights[state_of(run)] + (run->cause && run->cause->complaint ? 1 : 0);
}

static void set_cause(struct store_verdict *verdict, const struct run *run)
{
	const struct store_strike *cause =
		run->active || run->held ? run->cause : run->taken[run->n_taken - 1];

	verdict->state = state_of(run);
	verdict->complaint = cause->complaint;
	verdict->reason = cause->reason;
	verdict->class = cause->class;
	verdict->evidence = cause->event_id;
	verdict->evidence_at_us = cause->at_us;
	verdict->has_evidence = true;
	verdict->expires_at_us = run->active || run->held ? run->expires_us : TIMESTAMP_NONE;
}

static void add_event(struct store_verdict *verdict, const struct store_strike *event)
{
	if (!verdict->count)
		verdict->first_seen_us = event->at_us;
	verdict->last_seen_us = event->at_us;
	verdict->count++;
}

/* What a person or an import put there stands, until its end, and so does what the recipient asked for; a complaint is a
 * stronger cause than an import. */
static bool stays(const struct store_suppression *entry, const struct store_verdict *verdict)
{
	bool by_hand =
		str_eq(entry->source, STR("manual")) || str_eq(entry->source, STR("unsubscribe"));

	if (!by_hand && !str_starts(entry->source, STR("import")))
		return false;
	if (entry->expires_at_us != TIMESTAMP_NONE && verdict->count &&
		entry->expires_at_us <= verdict->last_seen_us)
		return false;
	if (entry->state == SUPPRESSION_ALLOWED)
		return true;
	if (entry->state != SUPPRESSION_ACTIVE && entry->state != SUPPRESSION_HELD)
		return false;
	return by_hand || !verdict->complaint || verdict->state != SUPPRESSION_ACTIVE;
}

/* Where nothing counts any more the entry is as one that was removed. */
static struct store_verdict nothing(const struct store_suppression *entry)
{
	return (struct store_verdict){ .state = SUPPRESSION_REMOVED,
		.reason = entry->reason,
		.class = entry->class,
		.first_seen_us = entry->first_seen_us,
		.last_seen_us = entry->last_seen_us,
		.expires_at_us = TIMESTAMP_NONE };
}

void judge_case(
	const void *judge_, const struct store_case *item, struct store_verdict *ret_verdict)
{
	const struct judge *judge = judge_;
	struct store_verdict verdict = nothing(item->entry);
	bool done[RULES_MAX] = { false };
	unsigned best = 0;
	struct run run;

	for (size_t i = 0; i < item->n_strikes; i++) {
		const struct store_strike *event = &item->strikes[i];
		size_t rule;

		if (event->at_us <= item->forgiven_us)
			continue;
		rule = policy_rule_of(
			judge->rules, event->stream, event->complaint, event->reason, event->class);
		if (rule == judge->rules->n || !judge->rules->row[rule].strikes)
			continue;
		add_event(&verdict, event);
		if (done[rule])
			continue;
		done[rule] = true;
		run_rule(&run, judge, rule, item);
		if (weight_of(&run) <= best && !(best && weight_of(&run) == best && run.cause &&
						       run.cause->at_us > verdict.evidence_at_us))
			continue;
		best = weight_of(&run);
		if (state_of(&run) != SUPPRESSION_REMOVED)
			set_cause(&verdict, &run);
	}
	verdict.keeps_cause = stays(item->entry, &verdict);
	*ret_verdict = verdict;
}
