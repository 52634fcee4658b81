/* suppress/policy/rules.h -- how many strikes suppress an address, over how long, and for how long: by stream and by
 * what was said.
 * Knows: rule.def, and the text of suppress.rules: `[STREAM:]WHAT=STRIKES[/DAYS[/EXPIRES]]` or `=never`, WHAT a class
 * (`hard`, `soft`), `complaint`, a reason, or a family of reasons (`domain.*`). Does not know events. Pure.
 * Bounds: RULES_MAX, RULE_MAX_STRIKES, RULE_MAX_DAYS. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/reason.h"

enum { RULES_MAX = 128, RULE_MAX_STRIKES = 100, RULE_MAX_DAYS = 3650 };

struct policy_rule {
	struct str stream; /* empty: any */
	struct str what;
	unsigned strikes;     /* 0: never */
	unsigned days;        /* from the first of them to the last, at least */
	unsigned expire_days; /* after the last event; 0: never */
};

struct policy_rules {
	struct policy_rule row[RULES_MAX]; /* of the configuration first, then rule.def's */
	size_t n;
};

/* Only rule.def's. */
void policy_rules_init(struct policy_rules *rules);
/* Adds one of the configuration's, in front of rule.def's. ERR_SYNTAX; ERR_RANGE: a number too large; ERR_EXISTS: the same
 * twice; ERR_LIMIT. Texts are borrowed. */
MUST_CHECK enum err policy_rules_add(struct policy_rules *rules, struct str text);
/* The place of the rule that an event comes under: the stream's own before any stream's, a reason before its family, and
 * that before its class. Every hard or soft event and every complaint has one; rules->n: none, as a block. */
size_t policy_rule_of(const struct policy_rules *rules, struct str stream, bool complaint,
	enum reason reason, enum reason_class class);
/* "soft=3/14/90", as it may be written; never: "soft=never". In `arena`. */
struct str policy_rule_text(const struct policy_rule *rule, struct arena *arena);
