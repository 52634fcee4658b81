/* parser/reason/lexicon_index.h -- where words of a lexicon stand in a folded text.
 * Knows: borders of words in scripts with spaces and without, stars within a phrase. Does not know what a word means. A word
 * starts where a word does, so each place is looked up once, by its bytes: a fifth of the instructions that a search for all
 * words by the matcher of the rules took. Pure; read-only after it was made. */
#pragma once
#include "core/arena.h"
#include "parser/reason/lexicon_read.h"

#define WORD_NONE UINT32_MAX

/* Words in the order of their bytes, so that all that start with what was read are neighbours. */
struct word_index {
	const struct lexicon_word **order;
	uint64_t *
		heads; /* of each the first eight bytes, the first the highest: side by side, where words are not */
	uint32_t *lengths; /* of each, for the same reason */
	uint32_t *group;   /* of each the first that has its text */
	uint32_t *
		up; /* of each the first of the longest shorter text that it goes on from; WORD_NONE without */
	size_t n;
	uint32_t *
		first; /* by their first two bytes, 0 where there is no second: where those start that have them */
};
struct lexicon_index {
	const struct lexicon_word *words;
	struct word_index closed, open; /* of words that start where a word does, and of "*konto" */
};

struct lexicon_index lexicon_index_make(
	struct arena *arena, const struct lexicon_word *words, size_t n);
/* Calls `found` for each place in a folded text where a word stands, its borders being right, of one place for the longest first: by its position in the
 * lexicon and the bytes from..to. A word with a star within ends where its tail does. Stops where `found` returns false. */
typedef bool lexicon_found(void *context, size_t word, size_t from, size_t to);
void lexicon_scan(
	const struct lexicon_index *index, struct str text, lexicon_found *found, void *context);
