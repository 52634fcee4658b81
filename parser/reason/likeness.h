/* parser/reason/likeness.h -- which judged refusals a refusal is like: a weight for each feature and reason, learnt by the build
 * from the golden cases and from lists of replies (likeness_learn.h), summed up.
 * Knows: the form of a table of weights. Does not know how they are learnt, or what a verdict is. Pure: a table is read-only and may
 * be shared by threads; sums are of whole numbers, so that order and machine do not count. */
#pragma once
#include "parser/reason/feature.h"
#include "parser/reason/likeness_table.h"

struct likeness; /* the weights */

/* Of bytes that likeness_learn made, which it borrows; NULL: they are none. */
struct likeness *likeness_new(struct str bytes);
void likeness_free(struct likeness *likeness);
/* The bytes that are compiled into the program; empty in the one that learns them. */
struct str likeness_builtin(void);

/* How far a refusal is on each side: above 0 it is of that reason, below it is not. A sure one is at 1 or beyond. */
struct likeness_scores {
	double of[LIKENESS_COLUMNS];
	enum reason first, second; /* the two highest */
	double hard; /* above 0: mail may be stopped for it, by its own column and by how the best hard reason leads the best other */
};
/* Says where the rows are that features ask for; `likeness` may be NULL. */
void likeness_announce(const struct likeness *likeness, struct features *features);
void likeness_score(const struct likeness *likeness, const struct features *features,
	struct likeness_scores *ret_scores);
/* The whole words that speak most for the first of two reasons and against the second, the loudest first; fewer where fewer do.
 * Returns how many. */
enum { LIKENESS_WORDS = 4 };
size_t likeness_words(const struct likeness *likeness, const struct features *features,
	enum reason first, enum reason second,
	struct feature_span ret_spans[static LIKENESS_WORDS]);
