/* parser/word_check.h -- what is wrong with words and frames that load: a word that no case reads, one that an earlier one
 * hides, a frame without a case. Adds to the findings of whoever checks the rules. Pure. */
#pragma once
#include "parser/reason/rules_case.h"
#include "parser/rules_finding.h"

struct lexicon;

/* A finding more; the caller's list. */
typedef struct rules_finding *word_check_add(
	void *context, enum rules_trouble trouble, struct str source, unsigned line);

/* Of the words and frames, and of those cases whose id starts with "meaning." or "words.". */
void word_check(const struct lexicon *lexicon, struct arena *arena, const struct rules_cases *cases,
	word_check_add *add, void *context);
/* Is a case one of these? */
bool word_check_takes(const struct rules_case *one);
