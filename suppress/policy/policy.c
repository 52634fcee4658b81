#include "suppress/policy/policy.h"

#include "suppress/policy/origin.h"

static const struct str mode_names[UNSIGNED_MODE_COUNT] = {
	[UNSIGNED_STRIKES] = STR_INIT("strikes"),
	[UNSIGNED_HOLD] = STR_INIT("hold"),
	[UNSIGNED_TRUST] = STR_INIT("trust"),
};
static const enum decision unsigned_decisions[UNSIGNED_MODE_COUNT] = {
	[UNSIGNED_STRIKES] = DECISION_STRIKE,
	[UNSIGNED_HOLD] = DECISION_HOLD,
	[UNSIGNED_TRUST] = DECISION_SUPPRESS,
};

struct str unsigned_mode_name(enum unsigned_mode mode)
{
	return mode_names[mode];
}

bool unsigned_mode_from_name(struct str name, enum unsigned_mode *ret_mode)
{
	for (size_t i = 0; i < UNSIGNED_MODE_COUNT; i++) {
		if (!str_eq(name, mode_names[i]))
			continue;
		*ret_mode = (enum unsigned_mode)i;
		return true;
	}
	return false;
}

/* Only what is final and about the recipient: a failure of class hard or soft, or their complaint, that some rule counts. A
 * block says nothing about the recipient. */
static bool weighs(const struct policy *policy, const struct evidence *evidence)
{
	bool complaint = evidence->outcome == OUTCOME_COMPLAINT;
	size_t rule;

	if (!evidence->recipient.n)
		return false;
	if (complaint ? evidence->kind != KIND_COMPLAINT : evidence->outcome != OUTCOME_FAILED)
		return false;
	rule = policy_rule_of(
		policy->rules, policy->stream, complaint, evidence->reason, evidence->class);
	return rule < policy->rules->n && policy->rules->row[rule].strikes;
}

enum proof policy_proof(const struct evidence *evidence)
{
	if (evidence->logged)
		return PROOF_LOG;
	switch (evidence->token) {
	case TOKEN_VALID:
		return evidence->bound ? PROOF_VALID : PROOF_UNBOUND;
	case TOKEN_EXPIRED:
	case TOKEN_INVALID:
		return PROOF_INVALID;
	case TOKEN_NONE:
	case TOKEN_UNKNOWN:
	case TOKEN_VERDICT_COUNT:
		break;
	}
	return PROOF_NONE;
}

bool policy_is_proven(enum proof proof)
{
	return proof == PROOF_VALID || proof == PROOF_LOG;
}

bool policy_rates(const struct policy *policy, enum proof proof)
{
	return !policy->stream_signs || policy_is_proven(proof);
}

enum decision policy_decide(const struct policy *policy, const struct evidence *evidence)
{
	if (!weighs(policy, evidence))
		return DECISION_NONE;
	if (evidence->logged)
		return DECISION_SUPPRESS; /* nobody else can have made it up */
	if (evidence->token == TOKEN_VALID)
		return evidence->bound ? DECISION_SUPPRESS : DECISION_NONE;
	/* An expired or forged token is worse than none. */
	if (evidence->token == TOKEN_EXPIRED || evidence->token == TOKEN_INVALID ||
		policy->stream_signs)
		return DECISION_NONE;
	return unsigned_decisions[policy->unsigned_mode];
}

struct store_weight policy_weigh(const struct policy *policy, const struct evidence *evidence)
{
	struct store_weight weight = { .decision = policy_decide(policy, evidence) };
	bool proven = policy_is_proven(policy_proof(evidence));

	weight.of_stream = policy->per_stream || (policy->others_sign && !proven);
	weight.serves = origin_serves(evidence->remote_mta, evidence->domain);
	return weight;
}
