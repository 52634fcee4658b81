#include "parser/match/wordset.h"

#include <stdlib.h>
#include <string.h>

enum { KEY = 4, THREE = 3, HASHES = 1 << 16, SLOTS = 1 << 12, MAP_WORDS = HASHES / 64 };
/* Words of three bytes are few: their map has a sixteenth of the bits. */
enum { FEWER = 4, MAP_OF_THREE_WORDS = MAP_WORDS >> FEWER };
enum {
	PLACES = 32
}; /* looked up at a time, so that memory is asked for all of them before one is waited for */

/* What stands in front of the tables. */
struct head {
	uint64_t n, n_bytes, three;
};
static const size_t tables_bytes = sizeof(struct head) +
				   (MAP_WORDS + MAP_OF_THREE_WORDS) * sizeof(uint64_t) +
				   (SLOTS + 2) * sizeof(uint32_t);

/* Large letters are small ones. */
static uint32_t load(const char *p)
{
	uint32_t window;

	memcpy(&window, p, sizeof window);
	return window | 0x20202020u;
}

static unsigned hash_of(uint32_t window)
{
	return (window * 0x9E3779B1u) >> 16;
}

/* Of the first three bytes of a window, whichever those are in a number. */
static unsigned hash_of_three(uint32_t window)
{
	static const unsigned char first[KEY] = { 0xFF, 0xFF, 0xFF, 0 };
	uint32_t mask;

	memcpy(&mask, first, sizeof mask);
	return ((window & mask) * 0x85EBCA6Bu) >> 16;
}

/* Of text[at..], which has three bytes at least. */
static uint32_t load_end(struct str text, size_t at)
{
	char end[KEY] = { 0 };

	memcpy(end, text.p + at, text.n - at < KEY ? text.n - at : KEY);
	return load(end);
}

/* ---- making ---- */

/* How often each four bytes are in the text, by their hash. */
static uint32_t *count_keys(struct arena *arena, struct str text)
{
	uint32_t *counts = arena_calloc(arena, HASHES, sizeof *counts);

	for (size_t i = 0; i + KEY <= text.n; i++)
		counts[hash_of(load(text.p + i))]++;
	return counts;
}

static struct wordset_word entry_of(struct str word, size_t number, const uint32_t *counts)
{
	struct wordset_word entry = { .n = (uint16_t)word.n, .number = (uint32_t)number };

	if (word.n < KEY) {
		entry.hash = (uint16_t)hash_of_three(load_end(word, 0));
		return entry;
	}
	entry.hash = (uint16_t)hash_of(load(word.p));
	for (size_t i = 1; i + KEY <= word.n; i++) {
		unsigned hash = hash_of(load(word.p + i));

		if (counts[hash] >= counts[entry.hash])
			continue;
		entry.key_at = (uint16_t)i;
		entry.hash = (uint16_t)hash;
	}
	return entry;
}

static int by_hash(const void *a, const void *b)
{
	const struct wordset_word *x = a, *y = b;

	if (x->hash != y->hash)
		return x->hash < y->hash ? -1 : 1;
	return (x->number > y->number) - (x->number < y->number);
}

static size_t slot_of(unsigned hash)
{
	return hash / (HASHES / SLOTS);
}

static void mark(uint64_t *map, unsigned bit)
{
	map[bit / 64] |= UINT64_C(1) << bit % 64;
}

static char *put(char *at, const void *bytes, size_t n)
{
	if (n)
		memcpy(at, bytes, n);
	return at + n;
}

struct str wordset_make(struct arena *arena, const struct str *words, size_t n, struct str among)
{
	struct head head = { n, 0, 0 };
	struct wordset_word *entries = arena_calloc(arena, n + 1, sizeof *entries);
	uint64_t *map = arena_calloc(arena, MAP_WORDS, sizeof *map);
	uint64_t *map_of_three = arena_calloc(arena, MAP_OF_THREE_WORDS, sizeof *map);
	uint32_t *slots =
		arena_calloc(arena, SLOTS + 2, sizeof *slots); /* the last fills eight bytes */
	const uint32_t *counts = count_keys(arena, among);
	char *out, *at;

	for (size_t i = 0; i < n; i++) {
		entries[i] = entry_of(words[i], i, counts);
		entries[i].from = (uint32_t)head.n_bytes;
		head.n_bytes += words[i].n;
		if (words[i].n < KEY)
			mark(map_of_three, entries[i].hash >> FEWER);
		else
			mark(map, entries[i].hash);
		head.three |= words[i].n < KEY;
		for (size_t slot = slot_of(entries[i].hash) + 1; slot <= SLOTS; slot++)
			slots[slot]++;
	}
	qsort(entries, n, sizeof *entries, by_hash);
	out = arena_zalloc(arena, tables_bytes + n * sizeof *entries + head.n_bytes + 1);
	at = put(out, &head, sizeof head);
	at = put(at, map, MAP_WORDS * sizeof *map);
	at = put(at, map_of_three, MAP_OF_THREE_WORDS * sizeof *map);
	at = put(at, slots, (SLOTS + 2) * sizeof *slots);
	at = put(at, entries, n * sizeof *entries);
	for (size_t i = 0; i < n; i++)
		at = put(at, words[i].p, words[i].n);
	return str_from(out, (size_t)(at - out));
}

/* ---- asking ---- */

bool wordset_read(struct str bytes, struct wordset *ret_set)
{
	struct head head;

	if (bytes.n < tables_bytes)
		return false;
	memcpy(&head, bytes.p, sizeof head);
	if (head.n > (bytes.n - tables_bytes) / sizeof(struct wordset_word) ||
		head.n_bytes != bytes.n - tables_bytes - head.n * sizeof(struct wordset_word))
		return false;
	ret_set->three = head.three;
	ret_set->map = (const void *)(bytes.p + sizeof head);
	ret_set->map_of_three = ret_set->map + MAP_WORDS;
	ret_set->slots = (const void *)(ret_set->map_of_three + MAP_OF_THREE_WORDS);
	ret_set->words = (const void *)(ret_set->slots + SLOTS + 2);
	ret_set->bytes = (const char *)(ret_set->words + head.n);
	return true;
}

/* Where a key may be a word's. */
struct place {
	size_t at;
	unsigned hash;
};
struct places {
	struct place place[PLACES];
	size_t n;
};

static unsigned is_marked(const uint64_t *map, unsigned bit)
{
	return map[bit / 64] >> bit % 64 & 1;
}

static void add_place(struct places *places, size_t at, unsigned hash)
{
	places->place[places->n++] = (struct place){ at, hash };
}

/* Of a window, and the bit of its map. */
static inline unsigned hash_as(bool three, uint32_t window)
{
	return three ? hash_of_three(window) : hash_of(window);
}

static inline unsigned marked_as(bool three, const uint64_t *map, uint32_t window)
{
	return is_marked(map, hash_as(three, window) >> (three ? FEWER : 0));
}

/* From `at` on, until there is no room for four more; where to go on, text.n at the end. Four windows at a time, none of which waits for
 * another. */
static inline size_t find_places(
	bool three, const uint64_t *map, struct str text, size_t at, struct places *places)
{
	for (; at + 2 * KEY <= text.n && places->n + KEY <= PLACES; at += KEY) {
		const char *p = text.p + at;
		unsigned marked = marked_as(three, map, load(p)) |
				  marked_as(three, map, load(p + 1)) << 1 |
				  marked_as(three, map, load(p + 2)) << 2 |
				  marked_as(three, map, load(p + 3)) << 3;

		for (; marked; marked &= marked - 1) {
			size_t i = (size_t)__builtin_ctz(marked);

			add_place(places, at + i, hash_as(three, load(p + i)));
		}
	}
	if (at + 2 * KEY <= text.n)
		return at;
	for (; at + THREE <= text.n && places->n < PLACES; at++)
		if (marked_as(three, map, load_end(text, at)))
			add_place(places, at, hash_as(three, load_end(text, at)));
	return at + THREE <= text.n ? at : text.n;
}

/* Words whose key may stand at a place. */
static bool compare_at(const struct wordset *set, struct str text, struct place place,
	wordset_found *found, void *context)
{
	size_t slot = slot_of(place.hash);

	for (uint32_t i = set->slots[slot]; i < set->slots[slot + 1]; i++) {
		const struct wordset_word *word = &set->words[i];
		size_t from = place.at - word->key_at;

		if (word->hash == place.hash && word->key_at <= place.at &&
			word->n <= text.n - from &&
			str_ieq_bytes(text.p + from, set->bytes + word->from, word->n) &&
			!found(context, word->number, from + word->n))
			return false;
	}
	return true;
}

static bool compare_all(const struct wordset *set, struct str text, const struct places *places,
	wordset_found *found, void *context)
{
	for (size_t i = 0; i < places->n; i++)
		__builtin_prefetch(&set->slots[slot_of(places->place[i].hash)]);
	for (size_t i = 0; i < places->n; i++)
		__builtin_prefetch(&set->words[set->slots[slot_of(places->place[i].hash)]]);
	for (size_t i = 0; i < places->n; i++)
		if (!compare_at(set, text, places->place[i], found, context))
			return false;
	return true;
}

static inline bool scan(
	bool three, const struct wordset *set, struct str text, wordset_found *found, void *context)
{
	struct places places;
	size_t at = 0;

	while (at < text.n) {
		places.n = 0;
		at = find_places(three, three ? set->map_of_three : set->map, text, at, &places);
		if (!compare_all(set, text, &places, found, context))
			return false;
	}
	return true;
}

bool wordset_scan(const struct wordset *set, struct str text, wordset_found *found, void *context)
{
	return scan(false, set, text, found, context) &&
	       (!set->three || scan(true, set, text, found, context));
}
