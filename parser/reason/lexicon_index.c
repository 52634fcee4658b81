#include "parser/reason/lexicon_index.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum { WORD_STARTS = 1 << 16, HEAD_BYTES = 8 };

/* The first two bytes of a word, 0 in the place of a second that is not there. */
static unsigned start_of(struct str word)
{
	unsigned second = word.n > 1 ? (unsigned char)word.p[1] : 0;

	return (unsigned)(unsigned char)word.p[0] << 8 | second;
}

static uint64_t head_of(struct str word)
{
	uint64_t head = 0;

	memcpy(&head, word.p, word.n < HEAD_BYTES ? word.n : HEAD_BYTES);
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

/* The longest shorter text of two bytes and more that a word goes on from is the one in front of it, or one of those that this
 * one goes on from. */
static uint32_t up_of(const struct word_index *index, size_t i)
{
	uint32_t up = i ? index->group[i - 1] : WORD_NONE;

	while (up != WORD_NONE && !str_starts(index->order[i]->text, index->order[up]->text))
		up = index->up[up];
	return up != WORD_NONE && index->lengths[up] < 2 ? WORD_NONE : up;
}

static void group_words(struct arena *arena, struct word_index *index)
{
	index->group = arena_calloc(arena, index->n + 1, sizeof *index->group);
	index->up = arena_calloc(arena, index->n + 1, sizeof *index->up);
	for (size_t i = 0; i < index->n; i++) {
		bool twin = i && str_eq(index->order[i]->text, index->order[i - 1]->text);

		index->group[i] = twin ? index->group[i - 1] : (uint32_t)i;
		index->up[i] = twin ? index->up[i - 1] : up_of(index, i);
	}
}

static struct word_index index_words(
	struct arena *arena, const struct lexicon_word *words, size_t n, bool open)
{
	struct word_index made = { 0 }, *index = &made;
	size_t at = 0;

	index->first = arena_calloc(arena, WORD_STARTS + 1, sizeof *index->first);
	index->order = arena_calloc(arena, n + 1, sizeof *index->order);
	for (size_t i = 0; i < n; i++)
		if (words[i].open_left == open)
			index->order[index->n++] = &words[i];
	qsort(index->order, index->n, sizeof *index->order, compare_words);
	index->heads = arena_calloc(arena, index->n + 1, sizeof *index->heads);
	index->lengths = arena_calloc(arena, index->n + 1, sizeof *index->lengths);
	for (size_t i = 0; i < index->n; i++) {
		index->heads[i] = head_of(index->order[i]->text);
		index->lengths[i] = (uint32_t)index->order[i]->text.n;
	}
	group_words(arena, index);
	for (unsigned start = 0; start < WORD_STARTS; start++) {
		index->first[start] = (uint32_t)at;
		while (at < index->n && start_of(index->order[at]->text) == start)
			at++;
	}
	index->first[WORD_STARTS] = (uint32_t)index->n;
	return made;
}

struct lexicon_index lexicon_index_make(
	struct arena *arena, const struct lexicon_word *words, size_t n)
{
	return (struct lexicon_index){ words, index_words(arena, words, n, false),
		index_words(arena, words, n, true) };
}

/* ---- finding words ---- */

static bool latin(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == FOLD_LOST || c == FOLD_NAMED;
}

/* A letter of Greek or Cyrillic, by its lead byte. */
static bool greek_lead(char c)
{
	return (unsigned char)c >= 0xCD && (unsigned char)c <= 0xD4;
}

/* Does a word start or end between text[at - 1] and text[at]? Scripts without spaces have a border everywhere. */
static bool is_border(struct str text, size_t at)
{
	if (!at || at >= text.n)
		return true;
	if (latin(text.p[at]))
		return !latin(text.p[at - 1]);
	if (greek_lead(text.p[at]))
		return at < 2 || !greek_lead(text.p[at - 2]);
	return true;
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
	for (size_t i = group; i < index->n && index->group[i] == group; i++) {
		const struct lexicon_word *word = index->order[i];
		size_t end = to;

		if (word->tail.n)
			end = tail_end(s->text, to, word->tail);
		if (end == STR_NPOS || (!word->open_right && !is_border(s->text, end)))
			continue;
		if (!s->found(s->context, (size_t)(word - s->index->words), from, end))
			return false;
	}
	return true;
}

/* Is the word order[i] at or before `rest`, as bytes sort? */
static bool is_up_to(const struct word_index *index, size_t i, uint64_t head, struct str rest)
{
	if (index->heads[i] != head || index->lengths[i] <= HEAD_BYTES)
		return index->heads[i] <= head;
	return str_cmp(str_skip(index->order[i]->text, HEAD_BYTES), str_skip(rest, HEAD_BYTES)) <=
	       0;
}

/* Behind the last of order[low, high) that is at or before `rest`. Each step is the same for either answer, so that nothing
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

/* Does `rest`, which starts with `head`, start with the word order[i]? */
static bool starts_with(const struct word_index *index, size_t i, uint64_t head, struct str rest)
{
	size_t n = index->lengths[i];

	if (n > HEAD_BYTES)
		return index->heads[i] == head && str_starts(rest, index->order[i]->text);
	return !((index->heads[i] ^ head) >> 8 * (HEAD_BYTES - n));
}

/* All words that start at text[from], the longest first. In the order of bytes the last one up to the text starts with every
 * word that the text starts with, so these are found going up from it. */
static bool scan_from(const struct scanning *s, const struct word_index *index, size_t from)
{
	struct str rest = str_skip(s->text, from);
	unsigned start = start_of(rest), alone = start & 0xFF00;
	size_t low = index->first[start], high = index->first[start + 1], end;
	uint64_t head = head_of(rest);
	uint32_t i = WORD_NONE;

	if (low < high) {
		end = end_of_those_up_to(index, low, high, head, rest);
		i = end > low ? index->group[end - 1] : WORD_NONE;
	}
	while (i != WORD_NONE && !starts_with(index, i, head, rest))
		i = index->up[i];
	for (; i != WORD_NONE; i = index->up[i])
		if (!report_group(s, index, i, from, from + index->lengths[i]))
			return false;
	return start == alone || index->first[alone] == index->first[alone + 1] ||
	       report_group(s, index, (uint32_t)index->first[alone], from, from + 1);
}

static bool may_start(const struct word_index *index, struct str text, size_t from)
{
	unsigned start = start_of(str_skip(text, from)), alone = start & 0xFF00;

	return index->first[start] < index->first[start + 1] ||
	       index->first[alone] < index->first[alone + 1];
}

void lexicon_scan(
	const struct lexicon_index *index, struct str text, lexicon_found *found, void *context)
{
	const struct scanning s = { index, text, found, context };

	for (size_t from = 0; from < text.n; from++) {
		bool border = is_border(text, from);

		if (border && !scan_from(&s, &index->closed, from))
			return;
		if (may_start(&index->open, text, from) && !scan_from(&s, &index->open, from))
			return;
	}
}
