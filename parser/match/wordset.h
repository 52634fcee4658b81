/* parser/match/wordset.h -- thousands of words over one text, in one pass that stays in the cache.
 * Knows: bytes. A word is found by four of its bytes (by three, if it has no more), of which a map of 8 KiB tells nearly everywhere that
 * they are no word's; else a table is asked, and the text compared. The library's own search for words has tables that the
 * work between two texts drives out of the cache. Pure; does not know what a word is for. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

enum { WORDSET_LEAST = 3 }; /* bytes of a word */

struct wordset_word {
	uint32_t from; /* in the bytes of all words */
	uint16_t n;
	uint16_t key_at; /* where in the word the bytes are that it is found by */
	uint16_t hash;   /* of these */
	uint16_t padding;
	uint32_t number; /* position when it was made */
};
/* Points into the bytes that wordset_make wrote. */
struct wordset {
	bool three; /* there are words of three bytes */
	const uint64_t *map, *map_of_three;
	const uint32_t *slots;
	const struct wordset_word *words;
	const char *bytes;
};

/* For the build. Words of WORDSET_LEAST to UINT16_MAX bytes; a word is found by those of its bytes that are least often in `among`. The
 * bytes, in `arena`, are for the machine's own order. */
struct str wordset_make(struct arena *arena, const struct str *words, size_t n, struct str among);
/* Of bytes at a multiple of eight. False: they are no such thing. */
bool wordset_read(struct str bytes, struct wordset *ret_set);

/* Calls `found` for each place where a word stands, without regard to the case of ASCII letters, in no order. Stops, and is false, where
 * `found` returns false. */
typedef bool wordset_found(void *context, size_t word, size_t to);
bool wordset_scan(const struct wordset *set, struct str text, wordset_found *found, void *context);
