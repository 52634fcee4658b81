/* parser/match/words.h -- the words that a text must have for a pattern to match in it.
 * Knows: the syntax that matcher.h allows. Does not know the library that compiles it, or what a pattern is for. Pure. */
#pragma once
#include "core/arena.h"
#include "parser/match/space.h"

enum {
	WORDS_MOST = 96,
	WORD_LEAST = 3,
	WORD_SETS = 2,
	WORDS_RARE = 1,     /* a set that is no more common needs no other beside it */
	WORDS_COMMON = 400, /* one that is more common tells nothing beside another */
};

/* Every match holds one of them, without regard to the case of ASCII letters; runs of white space are single spaces in both. Each has
 * WORD_LEAST bytes at least. */
struct word_set {
	struct str *word;
	size_t n;      /* at most WORDS_MOST; 0: nothing is known */
	size_t common; /* how often these words are in `among` */
};

struct words {
	struct word_set needed[WORD_SETS]; /* one of each; the least common set is in front */
	struct word_set
		exact; /* what the pattern matches is these and nothing else; n 0: more, or at borders */
};
/* Words live in `arena`. `among`: patterns, for they have the words of the texts that they are for: what is in many of them is in many
 * texts. */
struct words words_of(
	struct arena *arena, struct str pattern, enum matcher_space space, struct str among);
