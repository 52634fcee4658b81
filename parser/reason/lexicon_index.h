/* parser/reason/lexicon_index.h -- where words of a lexicon stand in a folded text.
 * Knows: borders of words in scripts with spaces and without, stars within a phrase. Does not know what a word means. A word
 * starts where a word does, so each place is looked up once, by its bytes: a fifth of the instructions that a search for all
 * words by the matcher of the rules took. Pure; read-only after it was made. */
#pragma once
#include "core/arena.h"
#include "parser/reason/lexicon_read.h"

#define WORD_NONE UINT32_MAX

/* What is asked of a word where a text is looked up; a line of the cache holds four. */
struct word_entry {
	uint32_t group; /* the first that has its text */
	uint32_t
		up; /* the first of the longest shorter text that it goes on from; WORD_NONE without */
	uint32_t text; /* where its bytes stand in `texts` */
	uint32_t n : 30;
	bool open_right : 1, has_tail : 1;
};
/* The words that have the same first four bytes: those from `low` up to `high`. */
struct word_start {
	uint32_t key; /* 0 in the place of bytes that are not there */
	uint32_t low, high;
};
enum { WORD_KEY_BITS = 1 << 16, WORD_PAIR_BITS = 1 << 16 };
/* Words in the order of their bytes, so that all that start with what was read are neighbours; each thing that is asked for
 * stands side by side with its like, for memory is what a look-up waits for. */
struct word_index {
	struct word_entry *entries;
	uint64_t *heads; /* of each the first eight bytes, the first the highest */
	uint32_t *words; /* of each its position in the lexicon */
	char *texts;
	size_t n;
	struct word_start *starts; /* a hash table; a key of 0 is a free place */
	size_t n_starts;           /* its places, a power of two */
	uint64_t keys[WORD_KEY_BITS /
		      64]; /* by their hash: those of `starts`, so that most places need no look at it */
	uint32_t alone[256]; /* words of one byte; WORD_NONE without */
	uint64_t pairs[WORD_PAIR_BITS /
		       64]; /* the first two bytes of words; of those of one byte with any second */
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
