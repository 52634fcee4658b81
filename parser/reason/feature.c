#include "parser/reason/feature.h"

#include "core/utf8.h"

#include <string.h>

/* What a feature is of, so that a word and a state of one name are two. */
enum tag {
	TAG_WORD = 'w',
	TAG_PAIR = 'b',
	TAG_PART = 'c',
	TAG_CONCEPT = 'C',
	TAG_CONCEPTS = 'P',
	TAG_FIRST = 'L', /* a concept of the first clause */
	TAG_FRAME = 'F',
	TAG_CODE = 'K',
	TAG_STATUS = 'S',
	TAG_SUBJECT = 'T', /* of a status: the second of its numbers */
};

enum {
	PART_LEAST = 3, /* letters, the ends of a word counted */
	PART_MOST = 5,
	PAIR_REACH = 3,   /* concepts of one clause that are looked at together */
	FRAMES_HEARD = 3, /* the strongest */
	FIRST_WIDE =
		0xE3, /* first byte of a letter: from U+3000 on words may stand without spaces */
};

/* Which rows are in a group already: a hash table of their positions in it, from 1 on. */
enum { SEEN_PLACES = FEATURES_MOST * 2 };
struct taking {
	struct features *f;
	uint16_t seen[FEATURE_KINDS][SEEN_PLACES];
};

/* ---- rows ---- */

/* FNV-1a (Fowler, Noll, Vo), 32 bits. */
#define HASH_START 2166136261u
#define HASH_PRIME 16777619u

static uint32_t hash_byte(uint32_t hash, unsigned char byte)
{
	return (hash ^ byte) * HASH_PRIME;
}

static uint32_t hash_str(uint32_t hash, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		hash = hash_byte(hash, (unsigned char)s.p[i]);
	return hash;
}

static uint32_t hash_tag(enum tag tag)
{
	return hash_byte(HASH_START, (unsigned char)tag);
}

/* The upper bits are mixed into those that are kept. */
static uint16_t row_of(uint32_t hash)
{
	return (uint16_t)((hash ^ hash >> 15) & (FEATURE_ROWS - 1));
}

/* A group is full before its table is, so that a free place is always found. */
static inline void take(struct taking *t, enum feature_kind kind, uint32_t hash)
{
	struct feature_group *group = &t->f->groups[kind];
	uint16_t row = row_of(hash), *seen = t->seen[kind];
	size_t at = row % SEEN_PLACES;

	for (; seen[at]; at = (at + 1) % SEEN_PLACES)
		if (group->rows[seen[at] - 1] == row)
			return;
	if (group->n == FEATURES_MOST)
		return;
	group->rows[group->n++] = row;
	__builtin_prefetch(t->f->table + t->f->stride * row);
	seen[at] = (uint16_t)group->n;
}

/* ---- words ---- */

static const bool between_words[256] = { [' '] = true,
	[','] = true,
	[';'] = true,
	[':'] = true,
	['!'] = true,
	['?'] = true,
	['('] = true,
	[')'] = true,
	['"'] = true,
	['<'] = true,
	['>'] = true,
	['.'] = true,
	['\''] = true,
	['['] = true,
	[']'] = true,
	['{'] = true,
	['}'] = true,
	['/'] = true,
	['|'] = true,
	['='] = true,
	['+'] = true,
	['*'] = true,
	['&'] = true,
	['%'] = true,
	['$'] = true,
	['#'] = true,
	['@'] = true,
	['^'] = true,
	['~'] = true,
	['`'] = true,
	['\\'] = true,
	['-'] = true };

static bool parts_words(char c)
{
	return between_words[(unsigned char)c];
}

static bool is_number(struct str word)
{
	size_t i = 0;

	while (i < word.n && ascii_digit(word.p[i]))
		i++;
	return i == word.n;
}

static bool is_name(struct str word)
{
	return word.p[0] == FOLD_NAMED;
}

/* Where each letter of a word starts, its end behind them. A byte that is no letter of UTF-8 is one. */
enum { WORD_LETTERS = 64 };
static size_t letters_of(struct str word, size_t ret_at[static WORD_LETTERS + 1], bool *ret_wide)
{
	size_t n = 0, i = 0;

	*ret_wide = false;
	while (i < word.n && n < WORD_LETTERS) {
		size_t bytes =
			(unsigned char)word.p[i] < 0x80 ? 1 : utf8_sequence(str_skip(word, i));

		ret_at[n++] = i;
		*ret_wide |= (unsigned char)word.p[i] >= FIRST_WIDE;
		i += bytes ? bytes : 1;
	}
	ret_at[n] = i;
	return n;
}

/* Parts of "<word>", so that a part tells whether a word starts or ends there; of one that starts at letter `i`, each longer one
 * goes on where the shorter one ended. */
static void take_parts_from(struct taking *t, struct str word, const size_t *at, size_t n, size_t i)
{
	size_t letters = i ? 0 : 1, last = i ? i - 1 : 0;
	uint32_t hash = i ? hash_tag(TAG_PART) : hash_byte(hash_tag(TAG_PART), '<');

	for (; letters < PART_MOST && last <= n; letters++, last++) {
		hash = last == n ? hash_byte(hash, '>')
				 : hash_str(hash, str_slice(word, at[last], at[last + 1]));
		if (letters + 1 >= PART_LEAST)
			take(t, FEATURE_WORDS, hash);
	}
}

/* The same of a word whose bytes are its letters. */
static void take_plain_parts(struct taking *t, struct str word)
{
	const size_t n = word.n < WORD_LETTERS ? word.n : WORD_LETTERS;
	unsigned char bytes[WORD_LETTERS + 2];

	bytes[0] = '<';
	memcpy(bytes + 1, word.p, n);
	bytes[n + 1] = '>';
	for (size_t from = 0; from < n; from++) {
		uint32_t hash = hash_byte(hash_tag(TAG_PART), bytes[from]);

		hash = hash_byte(hash_byte(hash, bytes[from + 1]), bytes[from + 2]);
		take(t, FEATURE_WORDS, hash);
		for (size_t i = from + PART_LEAST; i < from + PART_MOST && i < n + 2; i++) {
			hash = hash_byte(hash, bytes[i]);
			take(t, FEATURE_WORDS, hash);
		}
	}
}

static void take_parts(struct taking *t, struct str word)
{
	size_t at[WORD_LETTERS + 1], n;
	bool wide;

	if (utf8_is_ascii(word)) {
		take_plain_parts(t, word);
		return;
	}
	n = letters_of(word, at, &wide);
	for (size_t i = 0; i < n; i++)
		take_parts_from(t, word, at, n, i);
	for (size_t i = 0; wide && i + 2 <= n; i++)
		take(t, FEATURE_WORDS,
			hash_str(hash_tag(TAG_PART), str_slice(word, at[i], at[i + 2])));
}

static void keep_span(struct features *f, uint16_t row, size_t from, size_t to)
{
	if (f->n_spans < FEATURE_SPANS)
		f->spans[f->n_spans++] = (struct feature_span){ row, (uint32_t)from, (uint32_t)to };
}

/* A number is one word whichever it is; a name's letters are no words. */
static struct str word_as(struct str word)
{
	return is_number(word) ? STR("0") : is_name(word) ? STR("\x01") : word;
}

/* Of the word at hand, of the pair that it ends, and of the pair that it starts: three sums side by side, none of which waits for
 * another. */
struct word_hashes {
	uint32_t word, pair, paired;
};

static struct word_hashes hash_word(uint32_t paired, struct str word)
{
	struct word_hashes hashes = { hash_tag(TAG_WORD), paired, hash_tag(TAG_PAIR) };

	for (size_t i = 0; i < word.n; i++) {
		unsigned char byte = (unsigned char)word.p[i];

		hashes.word = hash_byte(hashes.word, byte);
		hashes.pair = hash_byte(hashes.pair, byte);
		hashes.paired = hash_byte(hashes.paired, byte);
	}
	hashes.paired = hash_byte(hashes.paired, ' ');
	return hashes;
}

static void take_words(struct taking *t, struct str text)
{
	struct word_hashes hashes = { 0 };
	bool follows = false;

	for (size_t i = 0, from; i < text.n; i += i == from) {
		struct str word, as;

		for (from = i; i < text.n && !parts_words(text.p[i]); i++)
			;
		if (i == from)
			continue;
		word = (struct str){ text.p + from, i - from };
		as = word_as(word);
		hashes = hash_word(hashes.paired, as);
		if (as.p == word.p) {
			take_parts(t, word);
			keep_span(t->f, row_of(hashes.word), from, i);
		}
		take(t, FEATURE_WORDS, hashes.word);
		if (follows)
			take(t, FEATURE_WORDS, hashes.pair);
		follows = true;
	}
}

/* ---- senses ---- */

static uint32_t hash_mark(uint32_t hash, const struct mark *mark)
{
	return hash_byte(hash_str(hash, concept_name(mark->concept)), mark->advice ? '?' : '.');
}

static void take_marks(struct taking *t, const struct marks *marks)
{
	for (size_t i = 0; i < marks->n; i++) {
		const struct mark *mark = &marks->items[i];
		uint32_t paired;

		take(t, FEATURE_SENSES, hash_mark(hash_tag(TAG_CONCEPT), mark));
		if (mark->clause == marks->items[0].clause)
			take(t, FEATURE_SENSES, hash_mark(hash_tag(TAG_FIRST), mark));
		paired = hash_mark(hash_tag(TAG_CONCEPTS), mark);
		for (size_t k = i + 1; k < marks->n && k <= i + PAIR_REACH; k++)
			if (marks->items[k].clause == mark->clause)
				take(t, FEATURE_SENSES, hash_mark(paired, &marks->items[k]));
	}
}

static void take_codes(struct taking *t, const struct str codes[static FRAME_CODES])
{
	struct str rest = codes[FRAME_STATUS], class, subject;

	if (codes[FRAME_CODE].n)
		take(t, FEATURE_SENSES, hash_str(hash_tag(TAG_CODE), codes[FRAME_CODE]));
	if (!rest.n)
		return;
	take(t, FEATURE_SENSES, hash_str(hash_tag(TAG_STATUS), rest));
	if (str_cut(rest, '.', &class, &rest) && str_cut(rest, '.', &subject, &rest))
		take(t, FEATURE_SENSES, hash_str(hash_tag(TAG_SUBJECT), subject));
}

void features_of_meaning(const struct meaning *meaning, const struct str codes[static FRAME_CODES],
	struct features *ret_features)
{
	struct taking t = { .f = ret_features };

	ret_features->n_spans = 0;
	for (size_t i = 0; i < FEATURE_KINDS; i++)
		ret_features->groups[i].n = 0;
	take_words(&t, meaning->marks.folding.text);
	take_marks(&t, &meaning->marks);
	for (size_t i = 0; i < meaning->n && i < FRAMES_HEARD; i++)
		take(&t, FEATURE_SENSES,
			hash_str(hash_tag(TAG_FRAME), meaning->candidates[i].frame->id));
	take_codes(&t, codes);
}
