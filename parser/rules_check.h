/* parser/rules_check.h -- what is wrong with rules that load: shadowed, unreachable, without a case.
 * Knows: rules, and golden cases (docs/rules.md): lines "ID | FACT=VALUE ... | WORDS". Does not know mails.
 *
 * Whether a rule can ever decide is found by example: texts are made from its pattern (witness.h), facts
 * from its conditions, and the whole set is asked. A rule that loses all of them is reported; one that
 * loses some is not, as the order of rules is there for just that.
 * Pure; findings are in `arena`. Bounds: LIMIT_RULES rules, LIMIT_RULES_BYTES of cases a file. */
#pragma once
#include "core/arena.h"
#include "core/str.h"
#include "parser/text/source.h"

struct rules; /* parse_rules_set */

enum rules_trouble {
#define RULES_TROUBLE(id, name, meaning) RULES_##id,
#include "parser/rules_troubles.def"
	RULES_TROUBLE_COUNT
};

struct rules_finding {
	enum rules_trouble trouble;
	struct str id;     /* of the rule, or as the case has it */
	struct str other;  /* the rule that decides instead; may be empty */
	struct str text;   /* the example, or the case's words; may be empty */
	struct str source; /* file and line of the rule or the case */
	unsigned line;
};
struct rules_findings {
	struct rules_finding *items;
	size_t n;
};

struct str rules_trouble_name(enum rules_trouble trouble);
struct str rules_trouble_meaning(enum rules_trouble trouble);

/* In the order of the rules, then of the cases. */
void rules_check(const struct rules *rules, const struct parse_source *cases, size_t n_cases,
	struct arena *arena, struct rules_findings *ret_findings);
