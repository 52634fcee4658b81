#include "parser/reason/lexicon_index.h"

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

	for (size_t i = 0; i < HEAD_BYTES; i++)
		head = head << 8 | (i < word.n ? (unsigned char)word.p[i] : 0);
	return head;
}

/* By text; of equals the one that the files have first. */
static int compare_words(const void *a, const void *b)
{
	const struct lexicon_word *x = *(const struct lexicon_word *const *)a;
	const struct lexicon_word *y = *(const struct lexicon_word *const *)b;
	int by_text = str_cmp(x->text, y->text);

	return by_text ? by_text : x < y ? -1 : x > y;
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

/* The words from order[low] on whose text is all of text[from, to). False where the callback wants no more. */
static bool report_words(const struct scanning *s, const struct word_index *index, size_t low,
	size_t high, size_t from, size_t to)
{
	for (; low < high; low++) {
		const struct lexicon_word *word;
		size_t end = to;

		if (index->lengths[low] != to - from)
			return true;
		word = index->order[low];
		if (word->tail.n)
			end = tail_end(s->text, to, word->tail);
		if (end == STR_NPOS || (!word->open_right && !is_border(s->text, end)))
			continue;
		if (!s->found(s->context, (size_t)(word - s->index->words), from, end))
			return false;
	}
	return true;
}

static unsigned byte_at(const struct word_index *index, size_t i, size_t depth)
{
	if (depth < HEAD_BYTES)
		return index->heads[i] >> (8 * (HEAD_BYTES - 1 - depth)) & 0xFF;
	return (unsigned char)index->order[i]->text.p[depth];
}

/* The first of order[low, high) whose byte `depth` is at least `byte`; each is longer than `depth`. */
static size_t lower_bound(
	const struct word_index *index, size_t low, size_t high, size_t depth, unsigned byte)
{
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (byte_at(index, middle, depth) < byte)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* All words that start at text[from]: with each byte that is read, those that go on so are fewer. */
static bool scan_from(const struct scanning *s, const struct word_index *index, size_t from)
{
	struct str rest = str_skip(s->text, from);
	unsigned start = start_of(rest), alone = start & 0xFF00;
	size_t low = index->first[start], high = index->first[start + 1];

	if (index->first[alone] < index->first[alone + 1] && start != alone &&
		!report_words(
			s, index, index->first[alone], index->first[alone + 1], from, from + 1))
		return false;
	for (size_t depth = rest.n > 1 ? 2 : 1; low < high; depth++) {
		unsigned byte;

		if (!report_words(s, index, low, high, from, from + depth))
			return false;
		while (low < high && index->lengths[low] == depth)
			low++;
		if (depth >= rest.n ||
			(low + 1 == high && !str_starts(rest, index->order[low]->text)))
			return true;
		byte = (unsigned char)rest.p[depth];
		low = lower_bound(index, low, high, depth, byte);
		high = lower_bound(index, low, high, depth, byte + 1);
	}
	return true;
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
