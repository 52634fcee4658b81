#include "parser/rules_list.h"

#include "parser/reason/rules.h"

size_t rules_list_count(const struct parse_rules *rules)
{
	return rules_count(parse_rules_set(rules));
}

struct rules_row rules_list_row(const struct parse_rules *rules, size_t i)
{
	const struct rule *rule = rules_at(parse_rules_set(rules), i);

	return (struct rules_row){ rule->id, rule->pattern, rule->reason, rule->confidence };
}
