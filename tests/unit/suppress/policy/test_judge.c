// links: suppress_policy store
// Check program of suppress/policy/judge and its rules: histories of one address, a line each.
#include "suppress/policy/judge.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>

#define DAY   TIMESTAMP_DAY_US
#define START ((int64_t)1795000000 * TIMESTAMP_SECOND_US)
enum { MAX_STRIKES = 32 };

/* A history: words "KIND@HOURS[/NETWORK]", KIND h hard, s soft, f mailbox.full, d domain.nonexistent, c complaint, x disabled;
 * in capitals proven; a ! behind it: held for an outage; a + : with the reply of a host that serves the domain; ? is the
 * mode that holds. "D@HOURS": mail was accepted; "F@HOURS": forgiven. */
static const struct {
	const char *history, *wanted; /* "STATE REASON [EXPIRES in days after the start]" */
} cases[] = {
	{ "", "removed" },
	{ "H@0", "active recipient.unknown" },
	{ "h@0", "strikes recipient.unknown" },
	{ "C@0", "active complaint" },
	{ "H@0 C@1 H@2", "active complaint" },
	/* Twenty hours apart, and not a minute less; from other hands, or told by who serves the domain. */
	{ "h@0/a h@19/b", "strikes recipient.unknown" },
	{ "h@0/a h@20/b", "active recipient.unknown" },
	{ "h@0/a h@20/a h@40/a h@99/a", "strikes recipient.unknown" },
	{ "h@0/a h+@20/a", "active recipient.unknown" },
	{ "h@23/a h@24/b", "strikes recipient.unknown" },
	{ "h@0/a h@19/b h@39/b", "active recipient.unknown" },
	{ "h@0/a H@1/a", "active recipient.unknown" },
	{ "h@0/a h@2161/b", "strikes recipient.unknown" }, /* the window of 90 days is over */
	/* Soft: three over two weeks, none of one day, no delivery between. */
	{ "S@0 S@24 S@336", "active network.unreachable 104" },
	{ "S@0 S@24 S@335", "strikes network.unreachable" },
	{ "S@0 S@1 S@2 S@336", "strikes network.unreachable" },
	{ "S@0 S@24 D@30 S@336", "strikes network.unreachable" },
	{ "S@0 S@24 S@336 D@337", "removed" },
	{ "S@0 S@24 S@336 S@360", "active network.unreachable 105" },
	{ "s@0/a s@24/a s@336/a", "strikes network.unreachable" },
	{ "s@0/a s@24/b s@336/c", "active network.unreachable 104" },
	{ "F@0 S@0 S@24 S@336", "strikes network.unreachable" },
	/* Over, and then anew. */
	{ "S@0 S@24 S@336 S@2500", "strikes network.unreachable" },
	{ "S@0 S@24 S@336 S@2500 S@2600 S@2900", "active network.unreachable 210" },
	/* Own thresholds; strikes of one rule are none of another. */
	{ "f@0", "strikes mailbox.full" },
	{ "W@0 W@24 W@336", "active mailbox.full 44" },
	{ "S@0 W@24 S@336", "strikes network.unreachable" },
	{ "N@0", "strikes domain.nonexistent" },
	{ "N@0 N@24", "active domain.nonexistent 181" },
	{ "X@0", "strikes recipient.disabled" },
	{ "X@0 X@24", "active recipient.disabled" },
	/* A delivery takes back what was counted, not what is known. */
	{ "H@0 D@5", "active recipient.unknown" },
	{ "h@0/a D@1 h@24/b", "strikes recipient.unknown" },
	/* Of an outage. */
	{ "H!@0", "held recipient.unknown" },
	{ "H!@0 H@24", "active recipient.unknown" },
	{ "h@0/a h!@24/b", "held recipient.unknown" },
	{ "h?@0", "held recipient.unknown" },
	{ "h?@0 H@1", "active recipient.unknown" },
};

static const struct {
	char letter;
	enum reason reason;
	enum reason_class class;
} kinds[] = {
	{ 'h', REASON_RECIPIENT_UNKNOWN, CLASS_HARD },
	{ 's', REASON_NETWORK_UNREACHABLE, CLASS_SOFT },
	{ 'w', REASON_MAILBOX_FULL, CLASS_SOFT },
	{ 'f', REASON_MAILBOX_FULL, CLASS_SOFT },
	{ 'n', REASON_DOMAIN_NONEXISTENT, CLASS_HARD },
	{ 'x', REASON_RECIPIENT_DISABLED, CLASS_HARD },
	{ 'c', REASON_NONE, CLASS_NONE },
};

static void read_word(struct str word, struct store_case *item, struct store_strike *strikes)
{
	struct store_strike *strike = &strikes[item->n_strikes];
	struct str head, rest, hours, network = STR_EMPTY;
	char room[16] = "";
	int64_t at_us;

	ck_assert(str_cut(word, '@', &head, &rest));
	hours = rest;
	(void)str_cut(rest, '/', &hours, &network);
	snprintf(room, sizeof room, "%.*s", STR_ARG(hours));
	at_us = START + atoll(room) * 3600 * TIMESTAMP_SECOND_US;
	if (str_eq(head, STR("D"))) {
		item->delivered_us = at_us;
		return;
	}
	if (str_eq(head, STR("F"))) {
		item->forgiven_us = at_us;
		return;
	}
	*strike =
		(struct store_strike){ .at_us = at_us, .network = network, .stream = STR("news") };
	strike->event_id.bytes[15] = (uint8_t)item->n_strikes++;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (kinds[i].letter == ascii_lower(head.p[0])) {
			strike->reason = kinds[i].reason;
			strike->class = kinds[i].class;
		}
	strike->complaint = ascii_lower(head.p[0]) == 'c';
	strike->decision =
		head.p[0] == ascii_lower(head.p[0]) ? DECISION_STRIKE : DECISION_SUPPRESS;
	if (head.n > 1 && head.p[1] == '?')
		strike->decision = DECISION_HOLD;
	strike->held = head.n > 1 && head.p[1] == '!';
	strike->serves = head.n > 1 && head.p[1] == '+';
}

static struct store_verdict judge_history(
	struct str history, const struct policy_rules *rules, const struct store_suppression *entry)
{
	const struct judge judge = { rules, 2, 90 };
	struct store_strike strikes[MAX_STRIKES];
	struct store_case item = { .entry = entry,
		.forgiven_us = TIMESTAMP_NONE,
		.delivered_us = TIMESTAMP_NONE,
		.strikes = strikes };
	struct store_verdict verdict;
	struct str word;

	while (str_next_word(&history, " ", &word))
		read_word(word, &item, strikes);
	judge_case(&judge, &item, &verdict);
	return verdict;
}

START_TEST(a_history_is_judged)
{
	const struct store_suppression entry = { .source = STR("bounce"),
		.state = SUPPRESSION_STRIKES };
	struct policy_rules rules;
	struct store_verdict verdict;
	char got[128];
	int n;

	policy_rules_init(&rules);
	verdict = judge_history(str_c(cases[_i].history), &rules, &entry);
	n = snprintf(got, sizeof got, "%.*s", STR_ARG(suppression_state_name(verdict.state)));
	if (verdict.has_evidence)
		n += snprintf(got + n, sizeof got - (size_t)n, " %.*s",
			STR_ARG(verdict.complaint ? STR("complaint")
						  : reason_name(verdict.reason)));
	if (verdict.expires_at_us != TIMESTAMP_NONE)
		snprintf(got + n, sizeof got - (size_t)n, " %d",
			(int)((verdict.expires_at_us - START) / DAY));
	ck_assert_msg(!strcmp(got, cases[_i].wanted), "%s: %s", cases[_i].history, got);
}
END_TEST

/* What a person or an import said stands, whatever events say. */
START_TEST(what_people_said_stands)
{
	static const struct {
		const char *source;
		enum suppression_state state;
		const char *history;
		bool keeps;
	} entries[] = {
		{ "manual", SUPPRESSION_ACTIVE, "H@0 C@1", true },
		{ "manual", SUPPRESSION_ALLOWED, "H@0 C@1", true },
		{ "manual", SUPPRESSION_HELD, "H@0", true },
		{ "manual", SUPPRESSION_REMOVED, "H@0", false },
		{ "manual", SUPPRESSION_EXPIRED, "H@0", false },
		{ "import:old", SUPPRESSION_ACTIVE, "H@0", true },
		{ "import:old", SUPPRESSION_ACTIVE, "C@0", false },
		{ "bounce", SUPPRESSION_ACTIVE, "H@0", false },
		{ "complaint", SUPPRESSION_ACTIVE, "H@0", false },
	};
	struct policy_rules rules;

	policy_rules_init(&rules);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		struct store_suppression entry = { .source = str_c(entries[i].source),
			.state = entries[i].state,
			.expires_at_us = TIMESTAMP_NONE };

		ck_assert_msg(
			judge_history(str_c(entries[i].history), &rules, &entry).keeps_cause ==
				entries[i].keeps,
			"%s %s", entries[i].source, entries[i].history);
		entry.expires_at_us = START;
		ck_assert(!judge_history(STR("H@0"), &rules, &entry).keeps_cause);
	}
}
END_TEST

/* ---- rules ---- */

START_TEST(rules_are_read)
{
	static const struct {
		const char *text;
		enum err err;
	} texts[] = {
		{ "soft=5/30/60", ERR_OK },
		{ " news:mailbox.full = never ", ERR_OK },
		{ "domain.*=1", ERR_OK },
		{ "domain.*=2", ERR_EXISTS },
		{ "block=1", ERR_SYNTAX },
		{ "soft", ERR_SYNTAX },
		{ "mailbox.empty=1", ERR_SYNTAX },
		{ "nowhere.*=1", ERR_SYNTAX },
		{ "hard=0", ERR_RANGE },
		{ "hard=101", ERR_RANGE },
		{ "hard=1/3651", ERR_RANGE },
		{ "hard=1/1/x", ERR_RANGE },
		{ "hard=", ERR_RANGE },
	};
	struct arena *arena = arena_new();
	struct policy_rules rules;
	size_t before;

	policy_rules_init(&rules);
	before = rules.n;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_assert_msg(policy_rules_add(&rules, str_c(texts[i].text)) == texts[i].err, "%s",
			texts[i].text);
	ck_assert_uint_eq(rules.n, before + 3);
	ck_assert(str_eq(policy_rule_text(&rules.row[0], arena), STR("soft=5/30/60")));
	ck_assert(str_eq(policy_rule_text(&rules.row[1], arena), STR("news:mailbox.full=never")));
	/* The stream's own before any stream's, a reason before its family, the configuration before what is built in. */
	ck_assert_uint_eq(
		policy_rule_of(&rules, STR("news"), false, REASON_MAILBOX_FULL, CLASS_SOFT), 1);
	ck_assert_uint_eq(
		policy_rule_of(&rules, STR("shop"), false, REASON_MAILBOX_FULL, CLASS_SOFT), 3 + 3);
	ck_assert_uint_eq(
		policy_rule_of(&rules, STR("shop"), false, REASON_SYSTEM_FULL, CLASS_SOFT), 0);
	ck_assert_uint_eq(
		policy_rule_of(&rules, STR_EMPTY, false, REASON_DOMAIN_NO_MAIL, CLASS_HARD), 2);
	ck_assert_uint_eq(
		policy_rule_of(&rules, STR_EMPTY, false, REASON_CONTENT_SPAM, CLASS_BLOCK),
		rules.n);
	arena_free(arena);
}
END_TEST

START_TEST(there_is_room_for_so_many_rules)
{
	struct arena *arena = arena_new();
	struct policy_rules rules;
	enum err err = ERR_OK;
	size_t n;

	policy_rules_init(&rules);
	for (n = 0; !err; n++)
		err = policy_rules_add(&rules, arena_printf(arena, "s%zu:soft=2", n));
	ck_assert_int_eq(err, ERR_LIMIT);
	ck_assert_uint_eq(rules.n, RULES_MAX);
	/* Everything still has a rule. */
	ck_assert_uint_lt(policy_rule_of(&rules, STR("x"), true, REASON_NONE, CLASS_NONE), rules.n);
	arena_free(arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("judge");
	TCase *tcase = tcase_create("judge");

	tcase_add_loop_test(tcase, a_history_is_judged, 0, ARRAY_LEN(cases));
	tcase_add_test(tcase, what_people_said_stands);
	tcase_add_test(tcase, rules_are_read);
	tcase_add_test(tcase, there_is_room_for_so_many_rules);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
