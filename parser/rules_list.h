/* parser/rules_list.h -- the rules in the order in which they are asked, for lists of them.
 * Knows: what a person is told of a rule. Does not know how one decides. Pure. Texts are the rules'. */
#pragma once
#include "core/reason.h"
#include "parser/parse.h"

struct rules_row {
	struct str id, pattern; /* without a pattern the conditions alone decide */
	enum reason reason;
	double confidence;
};
size_t rules_list_count(const struct parse_rules *rules);
struct rules_row rules_list_row(const struct parse_rules *rules, size_t i);
