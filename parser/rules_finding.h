/* parser/rules_finding.h -- what a check of rules, words and frames found. Pure; texts are the checker's arena's. */
#pragma once
#include "core/str.h"

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
