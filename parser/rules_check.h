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
#include "parser/rules_finding.h"
#include "parser/text/source.h"

struct rules; /* parse_rules_set */

/* In the order of the rules, then of the cases. */
void rules_check(const struct rules *rules, const struct parse_source *cases, size_t n_cases,
	struct arena *arena, struct rules_findings *ret_findings);
