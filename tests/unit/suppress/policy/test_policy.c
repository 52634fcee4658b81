// links: suppress_policy
// Check program of suppress/policy: every kind of evidence against every kind of stream.
#include "suppress/policy/policy.h"
#include "tests/support/suite.h"

#include <check.h>

enum { UNSIGNED, SIGNED };
#define HARD  KIND_BOUNCE, OUTCOME_FAILED, CLASS_HARD
#define ABUSE KIND_COMPLAINT, OUTCOME_COMPLAINT, CLASS_NONE

static const struct {
	const char *what;
	enum unsigned_mode mode;
	int stream;
	enum kind kind;
	enum outcome outcome;
	enum reason_class class;
	enum token_verdict token;
	bool bound;
	enum decision decision;
} cases[] = {
	{ "unsigned, strikes", UNSIGNED_STRIKES, UNSIGNED, HARD, TOKEN_NONE, false,
		DECISION_STRIKE },
	{ "unsigned, hold", UNSIGNED_HOLD, UNSIGNED, HARD, TOKEN_NONE, false, DECISION_HOLD },
	{ "unsigned, trust", UNSIGNED_TRUST, UNSIGNED, HARD, TOKEN_NONE, false, DECISION_SUPPRESS },
	{ "a stream that signs", UNSIGNED_TRUST, SIGNED, HARD, TOKEN_NONE, false, DECISION_NONE },
	{ "signed and bound", UNSIGNED_HOLD, SIGNED, HARD, TOKEN_VALID, true, DECISION_SUPPRESS },
	{ "signed for another", UNSIGNED_TRUST, SIGNED, HARD, TOKEN_VALID, false, DECISION_NONE },
	{ "expired", UNSIGNED_TRUST, UNSIGNED, HARD, TOKEN_EXPIRED, true, DECISION_NONE },
	{ "forged", UNSIGNED_TRUST, UNSIGNED, HARD, TOKEN_INVALID, false, DECISION_NONE },
	{ "no keys here", UNSIGNED_STRIKES, UNSIGNED, HARD, TOKEN_UNKNOWN, false, DECISION_STRIKE },
	{ "soft", UNSIGNED_STRIKES, UNSIGNED, KIND_BOUNCE, OUTCOME_FAILED, CLASS_SOFT, TOKEN_VALID,
		true, DECISION_SUPPRESS },
	{ "soft, unsigned", UNSIGNED_STRIKES, UNSIGNED, KIND_BOUNCE, OUTCOME_FAILED, CLASS_SOFT,
		TOKEN_NONE, false, DECISION_STRIKE },
	{ "block", UNSIGNED_TRUST, UNSIGNED, KIND_BOUNCE, OUTCOME_FAILED, CLASS_BLOCK, TOKEN_VALID,
		true, DECISION_NONE },
	{ "delayed", UNSIGNED_TRUST, UNSIGNED, KIND_BOUNCE, OUTCOME_DELAYED, CLASS_HARD,
		TOKEN_VALID, true, DECISION_NONE },
	{ "delivered", UNSIGNED_TRUST, UNSIGNED, KIND_BOUNCE, OUTCOME_DELIVERED, CLASS_NONE,
		TOKEN_VALID, true, DECISION_NONE },
	{ "complaint", UNSIGNED_TRUST, UNSIGNED, ABUSE, TOKEN_NONE, false, DECISION_SUPPRESS },
	{ "complaint, signed", UNSIGNED_STRIKES, SIGNED, ABUSE, TOKEN_VALID, true,
		DECISION_SUPPRESS },
};

START_TEST(evidence_is_weighed)
{
	struct policy_rules rules;
	struct policy policy = { .rules = &rules,
		.unsigned_mode = cases[_i].mode,
		.stream_signs = cases[_i].stream == SIGNED };
	struct evidence evidence = { .kind = cases[_i].kind,
		.outcome = cases[_i].outcome,
		.reason = REASON_RECIPIENT_UNKNOWN,
		.class = cases[_i].class,
		.token = cases[_i].token,
		.bound = cases[_i].bound,
		.recipient = STR("ann@example.com") };

	policy_rules_init(&rules);

	ck_assert_msg(
		policy_decide(&policy, &evidence) == cases[_i].decision, "%s", cases[_i].what);
	evidence.recipient = STR_EMPTY;
	ck_assert_int_eq(policy_decide(&policy, &evidence), DECISION_NONE);
}
END_TEST

/* What our own mail system was told needs no token, and is weighed like the rest. */
START_TEST(log_is_proof)
{
	struct policy_rules rules;
	struct policy policy = {
		.rules = &rules, .unsigned_mode = UNSIGNED_HOLD, .stream_signs = true
	};
	struct evidence evidence = { .kind = KIND_BOUNCE,
		.outcome = OUTCOME_FAILED,
		.class = CLASS_HARD,
		.logged = true,
		.recipient = STR("ann@example.com") };

	policy_rules_init(&rules);
	ck_assert_int_eq(policy_proof(&evidence), PROOF_LOG);
	ck_assert(policy_rates(&policy, PROOF_LOG));
	ck_assert_int_eq(policy_decide(&policy, &evidence), DECISION_SUPPRESS);
	evidence.class = CLASS_BLOCK;
	ck_assert_int_eq(policy_decide(&policy, &evidence), DECISION_NONE);
}
END_TEST

/* What anybody could have sent never leaves its stream where another one signs. */
START_TEST(unproven_stays_where_others_sign)
{
	struct policy_rules rules;
	struct policy policy = { .rules = &rules, .stream = STR("notes") };
	struct evidence evidence = { .kind = KIND_BOUNCE,
		.outcome = OUTCOME_FAILED,
		.class = CLASS_HARD,
		.reason = REASON_RECIPIENT_UNKNOWN,
		.recipient = STR("ann@example.com"),
		.remote_mta = STR("mx1.example.com"),
		.domain = STR("example.com") };

	policy_rules_init(&rules);
	ck_assert(!policy_weigh(&policy, &evidence).of_stream);
	ck_assert(policy_weigh(&policy, &evidence).serves);
	policy.others_sign = true;
	ck_assert_int_eq(policy_weigh(&policy, &evidence).decision, DECISION_STRIKE);
	ck_assert(policy_weigh(&policy, &evidence).of_stream);
	evidence.token = TOKEN_VALID;
	evidence.bound = true;
	ck_assert(!policy_weigh(&policy, &evidence).of_stream);
	/* A rule that never suppresses needs no evidence. */
	ck_assert_int_eq(policy_rules_add(&rules, STR("notes:recipient.unknown=never")), ERR_OK);
	ck_assert_int_eq(policy_weigh(&policy, &evidence).decision, DECISION_NONE);
	policy.stream = STR("news");
	ck_assert_int_eq(policy_weigh(&policy, &evidence).decision, DECISION_SUPPRESS);
}
END_TEST

START_TEST(modes_have_names)
{
	for (size_t i = 0; i < UNSIGNED_MODE_COUNT; i++) {
		enum unsigned_mode mode = UNSIGNED_MODE_COUNT;

		ck_assert(
			unsigned_mode_from_name(unsigned_mode_name((enum unsigned_mode)i), &mode));
		ck_assert_uint_eq(mode, i);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *tcase = tcase_create("policy");

	tcase_add_loop_test(tcase, evidence_is_weighed, 0, ARRAY_LEN(cases));
	tcase_add_test(tcase, log_is_proof);
	tcase_add_test(tcase, unproven_stays_where_others_sign);
	tcase_add_test(tcase, modes_have_names);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
