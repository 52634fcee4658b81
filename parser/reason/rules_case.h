/* parser/reason/rules_case.h -- golden cases of rules: for each rule a refusal that it decides.
 * Knows: the lines of a cases file, "ID | FACT=VALUE ... | WORDS", where a fact is a condition's name
 * (docs/rules.md); reply code, status and step are read from the words unless they are given. `#` opens
 * a comment. Pure; texts borrow from the sources, and from `arena`. Bounds: LIMIT_RULES_BYTES a file. */
#pragma once
#include "core/arena.h"
#include "parser/reason/rules.h"

struct rules_case {
	struct str id, words, source;
	unsigned line;
	struct rule_facts facts;
	bool bad; /* the line is no case; `words` is the line */
};
struct rules_cases {
	struct rules_case *items; /* in the order of the lines */
	size_t n;
	struct str *ids; /* of all that are not bad, sorted */
	size_t n_ids;
};

struct rules_cases rules_cases_read(
	struct arena *arena, const struct parse_source *sources, size_t n);
/* Is there a case for the rule? */
bool rules_cases_name(const struct rules_cases *cases, struct str id);
