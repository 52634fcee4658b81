#include "parser/reason/lexicon_index.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_BYTES = 8, KEY_BYTES = 4 };

/* The first bytes of a word, 0 in the place of those that are not there. */
static uint32_t key_of(struct str word)
{
	uint32_t key = 0;

	if (word.n >= KEY_BYTES)
		memcpy(&key, word.p, KEY_BYTES); /* of a size that is known: one instruction */
	else
		memcpy(&key, word.p, word.n);
	return be32toh(key);
}

/* The same without the bytes behind the first `n`. */
static uint32_t key_head(uint32_t key, unsigned n)
{
	return key & ~(uint32_t)0 << 8 * (KEY_BYTES - n);
}

/* By multiplication with 2^32 divided by the golden ratio: D. Knuth, The Art of Computer Programming 6.4. */
static uint32_t hash_of(uint32_t key)
{
	return key * 2654435769u >> 12;
}

static uint64_t head_of(struct str word)
{
	uint64_t head = 0;

	if (word.n >= HEAD_BYTES)
		memcpy(&head, word.p, HEAD_BYTES);
	else
		memcpy(&head, word.p, word.n);
	return be64toh(head);
}

/* By text; of equals the one that the files have first. */
static int compare_words(const void *a, const void *b)
{
	const struct lexicon_word *x = *(const struct lexicon_word *const *)a;
	const struct lexicon_word *y = *(const struct lexicon_word *const *)b;
	int by_text = str_cmp(x->text, y->text);

	return by_text ? by_text : x < y ? -1 : x > y;
}

static struct str text_of(const struct word_index *index, size_t i)
{
	return str_from(index->texts + index->entries[i].text, index->entries[i].n);
}

/* The longest shorter text of two bytes and more that a word goes on from is the one in front of it, or one of those that this
 * one goes on from. */
static uint32_t up_of(const struct word_index *index, size_t i)
{
	uint32_t up = i ? index->entries[i - 1].group : WORD_NONE;

	while (up != WORD_NONE && !str_starts(text_of(index, i), text_of(index, up)))
		up = index->entries[up].up;
	return up != WORD_NONE && index->entries[up].n < 2 ? WORD_NONE : up;
}

static void group_words(struct word_index *index)
{
	for (size_t i = 0; i < index->n; i++) {
		struct word_entry *entry = &index->entries[i], *before = entry - 1;
		bool twin = i && str_eq(text_of(index, i), text_of(index, i - 1));

		entry->group = twin ? before->group : (uint32_t)i;
		entry->up = twin ? before->up : up_of(index, i);
	}
}

/* The entry of a word behind `bytes` of the texts. */
static struct word_entry entry_of(const struct lexicon_word *word, size_t bytes)
{
	return (struct word_entry){ .text = (uint32_t)bytes,
		.n = (uint32_t)word->text.n & 0x3FFFFFFF,
		.open_right = word->open_right,
		.has_tail = word->tail.n > 0 };
}

static void fill_entries(struct arena *arena, const struct lexicon_word *const *order,
	const struct lexicon_word *words, struct word_index *index)
{
	size_t bytes = 0;

	for (size_t i = 0; i < index->n; i++)
		bytes += order[i]->text.n;
	index->texts = arena_alloc(arena, bytes + 1);
	index->entries = arena_calloc(arena, index->n + 1, sizeof *index->entries);
	index->heads = arena_calloc(arena, index->n + 1, sizeof *index->heads);
	index->words = arena_calloc(arena, index->n + 1, sizeof *index->words);
	bytes = 0;
	for (size_t i = 0; i < index->n; i++) {
		index->entries[i] = entry_of(order[i], bytes);
		index->heads[i] = head_of(order[i]->text);
		index->words[i] = (uint32_t)(order[i] - words);
		memcpy(index->texts + bytes, order[i]->text.p, order[i]->text.n);
		bytes += order[i]->text.n;
	}
}

static struct word_start *start_at(const struct word_index *index, uint32_t key)
{
	size_t at = hash_of(key) & (index->n_starts - 1);

	while (index->starts[at].key && index->starts[at].key != key)
		at = (at + 1) & (index->n_starts - 1);
	return &index->starts[at];
}

static void note_pair(struct word_index *index, struct str text)
{
	unsigned first = (unsigned char)text.p[0];
	unsigned second = text.n > 1 ? (unsigned char)text.p[1] : 0;
	unsigned last = text.n > 1 ? second : 255;

	for (; second <= last; second++)
		index->pairs[(first << 8 | second) / 64] |= UINT64_C(1) << second % 64;
}

static void note_start(struct word_index *index, size_t i)
{
	struct str text = text_of(index, i);
	uint32_t key = key_of(text), bit = hash_of(key) % WORD_KEY_BITS;
	struct word_start *start = start_at(index, key);

	if (!start->key)
		*start = (struct word_start){ .key = key, .low = (uint32_t)i };
	start->high = (uint32_t)i + 1;
	note_pair(index, text);
	index->keys[bit / 64] |= UINT64_C(1) << bit % 64;
	if (text.n == 1)
		index->alone[(unsigned char)text.p[0]] = index->entries[i].group;
}

static size_t count_keys(const struct word_index *index)
{
	size_t n = 0;

	for (size_t i = 0; i < index->n; i++)
		n += !i || key_of(text_of(index, i)) != key_of(text_of(index, i - 1));
	return n + 1;
}

static void note_starts(struct arena *arena, struct word_index *index)
{
	for (index->n_starts = 2; index->n_starts < count_keys(index) * 3 / 2; index->n_starts *= 2)
		;
	index->starts = arena_calloc(arena, index->n_starts, sizeof *index->starts);
	memset(index->alone, 0xFF, sizeof index->alone);
	for (size_t i = 0; i < index->n; i++)
		note_start(index, i);
}

static struct word_index index_words(
	struct arena *arena, const struct lexicon_word *words, size_t n, bool open)
{
	const struct lexicon_word **order = calloc(n + 1, sizeof *order);
	struct word_index index = { 0 };

	if (!order)
		abort();
	for (size_t i = 0; i < n; i++)
		if (words[i].open_left == open && words[i].text.n)
			order[index.n++] = &words[i];
	qsort(order, index.n, sizeof *order, compare_words);
	fill_entries(arena, order, words, &index);
	group_words(&index);
	note_starts(arena, &index);
	free(order);
	return index;
}

struct lexicon_index lexicon_index_make(
	struct arena *arena, const struct lexicon_word *words, size_t n)
{
	return (struct lexicon_index){ words, index_words(arena, words, n, false),
		index_words(arena, words, n, true) };
}

/* ---- finding words ---- */

/* What a byte is for the borders of words: a letter or digit of Latin, the lead byte of a letter of Greek or Cyrillic, neither. */
enum byte_kind { BYTE_OTHER, BYTE_LATIN, BYTE_GREEK };
static const unsigned char byte_kinds[256] = { [FOLD_LOST] = BYTE_LATIN,
	[FOLD_NAMED] = BYTE_LATIN,
	['0' ... '9'] = BYTE_LATIN,
	['A' ... 'Z'] = BYTE_LATIN,
	['a' ... 'z'] = BYTE_LATIN,
	[0xCD ... 0xD4] = BYTE_GREEK };

static enum byte_kind kind_at(struct str text, size_t at)
{
	return (enum byte_kind)byte_kinds[(unsigned char)text.p[at]];
}

/* Does a word start or end between text[at - 1] and text[at]? Scripts without spaces have a border everywhere. */
static inline bool is_border(struct str text, size_t at)
{
	if (!at || at >= text.n)
		return true;
	switch (kind_at(text, at)) {
	case BYTE_LATIN:
		return kind_at(text, at - 1) != BYTE_LATIN;
	case BYTE_GREEK:
		return at < 2 || kind_at(text, at - 2) != BYTE_GREEK;
	default:
		return true;
	}
}

/* Where "* na" ends behind text[at]: a star is the rest of a word. STR_NPOS: it does not follow. */
static size_t tail_end(struct str text, size_t at, struct str tail)
{
	while (tail.n) {
		size_t n;

		if (tail.p[0] == '*') {
			while (at < text.n && !strchr(" .,;:!?()\"", text.p[at]))
				at++;
			tail = str_skip(tail, 1);
			continue;
		}
		n = str_cspan(tail, "*");
		if (!str_starts(str_skip(text, at), str_head(tail, n)))
			return STR_NPOS;
		at += n;
		tail = str_skip(tail, n);
	}
	return at;
}

struct scanning {
	const struct lexicon_index *index;
	struct str text;
	lexicon_found *found;
	void *context;
};

/* The words of a group, whose text is all of text[from, to). False where the callback wants no more. */
static bool report_group(const struct scanning *s, const struct word_index *index, uint32_t group,
	size_t from, size_t to)
{
	for (size_t i = group; i < index->n && index->entries[i].group == group; i++) {
		const struct word_entry *entry = &index->entries[i];
		size_t end = to;

		if (entry->has_tail)
			end = tail_end(s->text, to, s->index->words[index->words[i]].tail);
		if (end == STR_NPOS || (!entry->open_right && !is_border(s->text, end)))
			continue;
		if (!s->found(s->context, index->words[i], from, end))
			return false;
	}
	return true;
}

/* Is the i-th word at or before `rest`, as bytes sort? */
static bool is_up_to(const struct word_index *index, size_t i, uint64_t head, struct str rest)
{
	if (index->heads[i] != head || index->entries[i].n <= HEAD_BYTES)
		return index->heads[i] <= head;
	return str_cmp(str_skip(text_of(index, i), HEAD_BYTES), str_skip(rest, HEAD_BYTES)) <= 0;
}

/* Behind the last of the words from `low` to `high` that is at or before `rest`. Each step is the same for either answer, so that nothing
 * has to be guessed. */
static size_t end_of_those_up_to(
	const struct word_index *index, size_t low, size_t high, uint64_t head, struct str rest)
{
	size_t n = high - low;

	while (n) {
		size_t half = n / 2;
		bool up_to = is_up_to(index, low + half, head, rest);

		low = up_to ? low + half + 1 : low;
		n = up_to ? n - half - 1 : half;
	}
	return low;
}

/* Does `rest`, which starts with `head`, start with the i-th word? */
static bool starts_with(const struct word_index *index, size_t i, uint64_t head, struct str rest)
{
	size_t n = index->entries[i].n;

	if (n > HEAD_BYTES)
		return index->heads[i] == head && str_starts(rest, text_of(index, i));
	return !((index->heads[i] ^ head) >> 8 * (HEAD_BYTES - n));
}

static bool may_be_key(const struct word_index *index, uint32_t key)
{
	uint32_t bit = hash_of(key) % WORD_KEY_BITS;

	return index->keys[bit / 64] >> bit % 64 & 1;
}

/* Of three bytes or two. */
static bool may_be_short(const struct word_index *index, uint32_t key)
{
	return may_be_key(index, key_head(key, 3)) || may_be_key(index, key_head(key, 2));
}

/* A word of three bytes or two; WORD_NONE without. */
static uint32_t short_word(const struct word_index *index, uint32_t key)
{
	for (unsigned n = KEY_BYTES - 1; n > 1; n--) {
		const struct word_start *start;

		if (!may_be_key(index, key_head(key, n)))
			continue;
		start = start_at(index, key_head(key, n));
		if (start->key)
			return start->low;
	}
	return WORD_NONE;
}

/* Where a word may start, and those that may. */
struct place {
	const struct word_index *index;
	const struct word_start *start; /* of the key; NULL: there is none */
	size_t from;
	uint32_t key; /* of the text from there on */
};

/* The longest word that `rest`, which starts there, starts with; WORD_NONE: none of two bytes and more. In
 * the order of bytes the last word up to the text goes on from every word that the text starts with, and so does each that has
 * the text's first four. */
static uint32_t longest_word(const struct place *place, struct str rest)
{
	const struct word_index *index = place->index;
	const struct word_start *start = place->start;
	uint64_t head;
	size_t end;
	uint32_t i;

	if (!start || !start->key)
		return short_word(index, place->key);
	head = head_of(rest);
	end = end_of_those_up_to(index, start->low, start->high, head, rest);
	i = index->entries[end > start->low ? end - 1 : end].group;
	while (i != WORD_NONE && !starts_with(index, i, head, rest))
		i = index->entries[i].up;
	return i;
}

/* All words that start there, the longest first. */
static bool report_place(const struct scanning *s, const struct place *place)
{
	const struct word_index *index = place->index;
	struct str rest = str_skip(s->text, place->from);
	uint32_t alone = index->alone[(unsigned char)rest.p[0]];

	for (uint32_t i = longest_word(place, rest); i != WORD_NONE; i = index->entries[i].up)
		if (i != alone &&
			!report_group(s, index, i, place->from, place->from + index->entries[i].n))
			return false;
	return alone == WORD_NONE || report_group(s, index, alone, place->from, place->from + 1);
}

/* is_border for each place of a text, without a question that the processor could guess wrong. */
static bool starts_word(struct str text, size_t at)
{
	enum byte_kind kind = kind_at(text, at), before = at ? kind_at(text, at - 1) : BYTE_OTHER;
	enum byte_kind second = at > 1 ? kind_at(text, at - 2) : BYTE_OTHER;

	return !(((kind == BYTE_LATIN) & (before == BYTE_LATIN)) |
		 ((kind == BYTE_GREEK) & (second == BYTE_GREEK)));
}

static bool may_start(const struct word_index *index, unsigned pair)
{
	return index->pairs[pair / 64] >> pair % 64 & 1;
}

/* Places are taken some at a time, so that memory is asked for all of them before the first is waited for. */
enum { PLACES_AT_ONCE = 32 };
struct places {
	struct place items[PLACES_AT_ONCE];
	size_t n;
};

static void add_place(
	struct places *places, const struct word_index *index, struct str text, size_t from)
{
	const uint32_t key = key_of((struct str){ text.p + from, text.n - from });
	const struct word_start *start = NULL;

	if (may_be_key(index, key))
		start = &index->starts[hash_of(key) & (index->n_starts - 1)];
	else if (!may_be_short(index, key) &&
		 index->alone[(unsigned char)text.p[from]] == WORD_NONE)
		return;
	places->items[places->n++] = (struct place){ index, start, from, key };
	__builtin_prefetch(start);
}

/* As many as there is room for; where the next one may be. A place is written down before it is known whether it counts: most
 * do not, and which is what the processor would have to guess. */
static size_t take_places(
	const struct lexicon_index *index, struct str text, size_t from, struct places *ret_places)
{
	struct {
		const struct word_index *index;
		size_t from;
	} likely[PLACES_AT_ONCE];
	size_t n = 0;

	for (; from < text.n && n + 2 <= PLACES_AT_ONCE; from++) {
		unsigned second = from + 1 < text.n ? (unsigned char)text.p[from + 1] : 0;
		unsigned pair = (unsigned)(unsigned char)text.p[from] << 8 | second;

		likely[n].index = &index->closed;
		likely[n].from = from;
		n += (size_t)may_start(&index->closed, pair) & (size_t)starts_word(text, from);
		likely[n].index = &index->open;
		likely[n].from = from;
		n += may_start(&index->open, pair);
	}
	ret_places->n = 0;
	for (size_t i = 0; i < n; i++)
		add_place(ret_places, likely[i].index, text, likely[i].from);
	return from;
}

static void find_starts(struct places *places)
{
	for (size_t i = 0; i < places->n; i++) {
		struct place *place = &places->items[i];
		const struct word_start *start;
		size_t middle;

		if (!place->start)
			continue;
		place->start = start = start_at(place->index, place->key);
		middle = start->low + (start->high - start->low) / 2;
		__builtin_prefetch(&place->index->heads[middle]);
		__builtin_prefetch(&place->index->entries[middle]);
	}
}

void lexicon_scan(
	const struct lexicon_index *index, struct str text, lexicon_found *found, void *context)
{
	const struct scanning s = { index, text, found, context };
	struct places places;

	for (size_t from = 0; from < text.n;) {
		from = take_places(index, text, from, &places);
		find_starts(&places);
		for (size_t i = 0; i < places.n; i++)
			if (!report_place(&s, &places.items[i]))
				return;
	}
}
