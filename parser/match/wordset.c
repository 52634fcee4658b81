#include "parser/match/wordset.h"

#include <stdlib.h>
#include <string.h>

enum { WINDOW = 4, HASHES = 1 << 16, SLOTS = 1 << 12, MAP_WORDS = HASHES / 64 };

/* What stands in front of the tables. */
struct head {
	uint64_t n, n_bytes, key_bytes;
};

/* Large letters are small ones. */
static uint32_t load(const char *p)
{
	uint32_t window;

	memcpy(&window, p, sizeof window);
	return window | 0x20202020u;
}

/* Of the first bytes of a window, as many as a key has, whichever those are in a number. */
static uint32_t mask_of(size_t key_bytes)
{
	unsigned char first[WINDOW] = { 0 };
	uint32_t mask;

	memset(first, 0xFF, key_bytes);
	memcpy(&mask, first, sizeof mask);
	return mask;
}

static unsigned hash_of(uint32_t key)
{
	return (key * 0x9E3779B1u) >> 16;
}

/* Of text[at..], which has the bytes of a key at least. */
static unsigned hash_at(struct str text, size_t at, uint32_t mask)
{
	char end[WINDOW] = { 0 };

	if (at + WINDOW <= text.n)
		return hash_of(load(text.p + at) & mask);
	memcpy(end, text.p + at, text.n - at);
	return hash_of(load(end) & mask);
}

/* ---- making ---- */

/* How often each key is in the text, by its hash. */
static uint32_t *count_keys(struct arena *arena, struct str text, size_t key_bytes)
{
	uint32_t *counts = arena_calloc(arena, HASHES, sizeof *counts);

	for (size_t i = 0; i + key_bytes <= text.n; i++)
		counts[hash_at(text, i, mask_of(key_bytes))]++;
	return counts;
}

static struct wordset_word entry_of(
	struct str word, size_t number, size_t key_bytes, const uint32_t *counts)
{
	struct wordset_word entry = { .n = (uint16_t)word.n, .number = (uint32_t)number };
	const uint32_t mask = mask_of(key_bytes);

	entry.hash = (uint16_t)hash_at(word, 0, mask);
	for (size_t i = 1; i + key_bytes <= word.n; i++) {
		unsigned hash = hash_at(word, i, mask);

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

struct str wordset_make(struct arena *arena, const struct str *words, size_t n, struct str among)
{
	struct head head = { n, 0, WINDOW };
	struct wordset_word *entries = arena_calloc(arena, n + 1, sizeof *entries);
	uint64_t *map = arena_calloc(arena, MAP_WORDS, sizeof *map);
	uint32_t *slots =
		arena_calloc(arena, SLOTS + 2, sizeof *slots); /* the last fills eight bytes */
	const uint32_t *counts;
	const size_t fixed = sizeof head + MAP_WORDS * sizeof *map + (SLOTS + 2) * sizeof *slots;
	char *out, *at;

	for (size_t i = 0; i < n; i++)
		if (words[i].n < WINDOW)
			head.key_bytes = WORDSET_LEAST;
	counts = count_keys(arena, among, head.key_bytes);
	for (size_t i = 0; i < n; i++) {
		entries[i] = entry_of(words[i], i, head.key_bytes, counts);
		entries[i].from = (uint32_t)head.n_bytes;
		head.n_bytes += words[i].n;
		map[entries[i].hash / 64] |= UINT64_C(1) << entries[i].hash % 64;
		for (size_t slot = slot_of(entries[i].hash) + 1; slot <= SLOTS; slot++)
			slots[slot]++;
	}
	qsort(entries, n, sizeof *entries, by_hash);
	out = at = arena_zalloc(arena, fixed + n * sizeof *entries + head.n_bytes + 1);
	memcpy(at, &head, sizeof head);
	at += sizeof head;
	memcpy(at, map, MAP_WORDS * sizeof *map);
	at += MAP_WORDS * sizeof *map;
	memcpy(at, slots, (SLOTS + 2) * sizeof *slots);
	at += (SLOTS + 2) * sizeof *slots;
	memcpy(at, entries, n * sizeof *entries);
	at += n * sizeof *entries;
	for (size_t i = 0; i < n; at += words[i++].n)
		memcpy(at, words[i].p, words[i].n);
	return str_from(out, (size_t)(at - out));
}

/* ---- asking ---- */

bool wordset_read(struct str bytes, struct wordset *ret_set)
{
	const size_t fixed =
		sizeof(struct head) + MAP_WORDS * sizeof(uint64_t) + (SLOTS + 2) * sizeof(uint32_t);
	struct head head;

	if (bytes.n < fixed)
		return false;
	memcpy(&head, bytes.p, sizeof head);
	if ((head.key_bytes != WINDOW && head.key_bytes != WORDSET_LEAST) ||
		head.n > (bytes.n - fixed) / sizeof(struct wordset_word) ||
		head.n_bytes != bytes.n - fixed - head.n * sizeof(struct wordset_word))
		return false;
	ret_set->key_bytes = head.key_bytes;
	ret_set->map = (const void *)(bytes.p + sizeof head);
	ret_set->slots = (const void *)(ret_set->map + MAP_WORDS);
	ret_set->words = (const void *)(ret_set->slots + SLOTS + 2);
	ret_set->bytes = (const char *)(ret_set->words + head.n);
	return true;
}

/* Words whose key may stand at `at`. */
static bool compare_at(const struct wordset *set, struct str text, size_t at, unsigned hash,
	wordset_found *found, void *context)
{
	size_t slot = slot_of(hash);

	for (uint32_t i = set->slots[slot]; i < set->slots[slot + 1]; i++) {
		const struct wordset_word *word = &set->words[i];
		size_t from = at - word->key_at;

		if (word->hash == hash && word->key_at <= at && word->n <= text.n - from &&
			str_ieq_bytes(text.p + from, set->bytes + word->from, word->n) &&
			!found(context, word->number, from + word->n))
			return false;
	}
	return true;
}

static unsigned is_marked(const uint64_t *map, unsigned hash)
{
	return map[hash / 64] >> hash % 64 & 1;
}

/* The next place where a key may be a word's; text.n: nowhere. Four places at a time, none of which waits for another. */
static size_t next_marked(const uint64_t *map, uint32_t mask, struct str text, size_t at)
{
	for (; at + 2 * WINDOW <= text.n; at += WINDOW) {
		const char *p = text.p + at;
		unsigned marked = is_marked(map, hash_of(load(p) & mask)) |
				  is_marked(map, hash_of(load(p + 1) & mask)) << 1 |
				  is_marked(map, hash_of(load(p + 2) & mask)) << 2 |
				  is_marked(map, hash_of(load(p + 3) & mask)) << 3;

		if (marked)
			return at + (size_t)__builtin_ctz(marked);
	}
	for (; at + WORDSET_LEAST <= text.n; at++)
		if (is_marked(map, hash_at(text, at, mask)))
			return at;
	return text.n;
}

bool wordset_scan(const struct wordset *set, struct str text, wordset_found *found, void *context)
{
	const uint32_t mask = mask_of(set->key_bytes);
	size_t at = 0;

	while (at = next_marked(set->map, mask, text, at), at < text.n) {
		if (!compare_at(set, text, at, hash_at(text, at, mask), found, context))
			return false;
		at++;
	}
	return true;
}
