#include "parser/match/staged.h"

#include "core/buf.h"
#include "core/embedded.h"
#include "parser/match/pattern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

extern const struct embedded_file matchers_embedded[];

static_assert((int)WORD_LEAST >= (int)WORDSET_LEAST, "each word can be looked for");

/* What stands in front: how many patterns, and a digest of them; what a space is in them. */
struct seal {
	uint64_t n, digest, space;
};

/* Of the patterns from the first of `from` on: FNV-1a over each with its NUL and flags. */
static struct seal seal_of(const struct patterns *p, size_t from)
{
	struct seal seal = { p->n - from, 14695981039346656037u, 0 };

	for (size_t i = from; i < p->n; i++) {
		const char *at = p->expressions[i];

		do
			seal.digest = (seal.digest ^ (unsigned char)*at) * 1099511628211u;
		while (*at++);
		seal.digest = (seal.digest ^ p->flags[i]) * 1099511628211u;
	}
	return seal;
}

/* ---- making ---- */

/* Where in the bytes something is. */
struct extent {
	uint32_t from, n;
};
enum section {
	SECTION_WIDTHS = STAGES,
	SECTION_WORDS,
	SECTION_FIRSTS,
	SECTION_WAITERS,
	SECTION_PLACES,
	SECTIONS
};
enum { EXTENTS_AT = sizeof(struct seal), EXTENT_BYTES = sizeof(struct extent) };

struct waiting {
	struct str word;
	uint32_t who; /* as in `waiters` */
};

struct making {
	struct arena *arena;
	enum matcher_space space;
	struct str among; /* all patterns */
	struct patterns of, stage[STAGES];
	struct waiting *waiting;
	size_t n_waiting;
	struct buf out, firsts, waiters, places;
	struct extent section[SECTIONS];
	hs_compile_error_t **ret_error;
};

static struct extent put_section(struct buf *out, struct str bytes)
{
	static const char zeros[STAGED_ALIGN];
	struct extent extent;

	buf_put(out, str_from(zeros, (STAGED_ALIGN - out->n % STAGED_ALIGN) % STAGED_ALIGN));
	extent = (struct extent){ (uint32_t)out->n, (uint32_t)bytes.n };
	buf_put(out, bytes);
	return extent;
}

/* As it lies in memory that starts where a line of the cache does. */
static struct extent put_database(struct buf *out, hs_database_t *database)
{
	char *bytes = NULL, *image;
	struct extent extent;
	size_t n = 0, image_n = 0;

	if (hs_serialize_database(database, &bytes, &n) != HS_SUCCESS ||
		hs_serialized_database_size(bytes, n, &image_n) != HS_SUCCESS)
		abort();
	image_n = (image_n + STAGED_ALIGN - 1) / STAGED_ALIGN * STAGED_ALIGN;
	image = aligned_alloc(STAGED_ALIGN, image_n);
	if (!image)
		abort();
	memset(image, 0, image_n);
	if (hs_deserialize_database_at(bytes, n, (hs_database_t *)image) != HS_SUCCESS)
		abort();
	extent = put_section(out, str_from(image, image_n));
	free(image);
	free(bytes);
	return extent;
}

static hs_error_t put_compiled(
	struct making *m, const struct patterns *p, struct extent *ret_extent)
{
	hs_database_t *database;
	hs_error_t result = databases_compile(p, &database, m->ret_error);

	*ret_extent = (struct extent){ 0 };
	if (result == HS_SUCCESS && database)
		*ret_extent = put_database(&m->out, database);
	hs_free_database(database);
	return result;
}

/* As in `waiters`. */
enum { WAITER_ONLY = 1, WAITER_SET = 2, WAITER_EXACT = 4, WAITER_ASCII = 8, WAITER_BITS = 4 };

static void add_words(struct making *m, struct word_set words, size_t pattern, unsigned bits)
{
	if (m->of.flags[pattern] & HS_FLAG_UTF8)
		bits |= WAITER_ASCII;
	for (size_t i = 0; i < words.n; i++)
		m->waiting[m->n_waiting++] = (struct waiting){ words.word[i],
			(uint32_t)(pattern << WAITER_BITS | bits) };
}

static int by_word(const void *a, const void *b)
{
	const struct waiting *x = a, *y = b;
	int order = str_cmp(x->word, y->word);

	return order ? order : (x->who > y->who) - (x->who < y->who);
}

/* Each word once, however many patterns wait for it. */
static void put_words(struct making *m)
{
	struct str *words = arena_calloc(m->arena, m->n_waiting + 1, sizeof *words);
	size_t n = 0;

	qsort(m->waiting, m->n_waiting, sizeof *m->waiting, by_word);
	for (size_t i = 0; i < m->n_waiting; i++) {
		struct str word = m->waiting[i].word;

		if (!n || !str_eq(word, words[n - 1])) {
			words[n++] = word;
			buf_put_u32(&m->firsts, (uint32_t)i);
		}
		buf_put_u32(&m->waiters, m->waiting[i].who);
	}
	buf_put_u32(&m->firsts, (uint32_t)m->n_waiting);
	m->section[SECTION_WORDS] =
		put_section(&m->out, wordset_make(m->arena, words, n, m->among));
}

static hs_error_t wait_for(
	struct making *m, size_t i, const struct words *words, struct extent *ret_extent)
{
	struct patterns lone = patterns_new(m->arena, 1);

	patterns_add(&m->stage[STAGE_LATER], m->of.expressions[i], m->of.flags[i], (unsigned)i);
	patterns_add(&lone, m->of.expressions[i], m->of.flags[i], 0);
	add_words(m, words->needed[0], i, words->needed[1].n ? 0 : WAITER_ONLY);
	add_words(m, words->needed[1], i, WAITER_SET);
	return put_compiled(m, &lone, ret_extent);
}

/* A pattern with letters beyond ASCII has its words in texts of ASCII alone: in others two of them are spelt in more than one way. */
static hs_error_t place(struct making *m, size_t i, struct str pattern)
{
	struct words words = words_of(m->arena, pattern, m->space, m->among);
	bool high = pattern_needs_high(str_c(m->of.expressions[i])),
	     waits = !high && words.needed[0].n;
	struct extent extent = { 0 };
	hs_error_t result = HS_SUCCESS;

	if (high || (waits && m->of.flags[i] & HS_FLAG_UTF8))
		patterns_add(
			&m->stage[STAGE_HIGH], m->of.expressions[i], m->of.flags[i], (unsigned)i);
	if (!high && !waits)
		patterns_add(
			&m->stage[STAGE_FIRST], m->of.expressions[i], m->of.flags[i], (unsigned)i);
	if (waits && words.exact.n)
		add_words(m, words.exact, i, WAITER_EXACT);
	else if (waits)
		result = wait_for(m, i, &words, &extent);
	buf_put_u32(&m->places, extent.from);
	buf_put_u32(&m->places, extent.n);
	return result;
}

static void put_numbers(struct making *m)
{
	struct buf widths = BUF_INIT(UINT32_MAX);

	for (size_t i = 0; i < m->of.n; i++) {
		const struct width width = patterns_width(&m->of, i);

		buf_put_u32(&widths, width.least);
		buf_put_u32(&widths, width.most);
	}
	m->section[SECTION_WIDTHS] = put_section(&m->out, buf_str(&widths));
	m->section[SECTION_FIRSTS] = put_section(&m->out, buf_str(&m->firsts));
	m->section[SECTION_WAITERS] = put_section(&m->out, buf_str(&m->waiters));
	m->section[SECTION_PLACES] = put_section(&m->out, buf_str(&m->places));
	buf_release(&widths);
}

static struct str written(struct making *m)
{
	const struct seal seal = seal_of(&m->of, 0);
	struct buf head = BUF_INIT(UINT32_MAX);

	buf_put_u64(&head, seal.n);
	buf_put_u64(&head, seal.digest);
	buf_put_u64(&head, m->space);
	for (size_t i = 0; i < SECTIONS; i++) {
		buf_put_u32(&head, m->section[i].from);
		buf_put_u32(&head, m->section[i].n);
	}
	if (m->out.failed || head.failed)
		abort(); /* more than 4 GB */
	memcpy(m->out.p, head.p, head.n);
	buf_release(&head);
	return arena_dup(m->arena, buf_str(&m->out));
}

static void start(struct making *m, const struct str *patterns, size_t n)
{
	static const char head[EXTENTS_AT + SECTIONS * EXTENT_BYTES];
	struct buf among = BUF_INIT(UINT32_MAX);

	for (size_t i = 0; i < n; i++) {
		buf_put(&among, patterns[i]);
		buf_putc(&among, '\n');
	}
	m->among = arena_dup(m->arena, buf_str(&among));
	buf_release(&among);
	buf_put(&m->out, str_from(head, sizeof head));
	for (size_t i = 0; i < STAGES; i++)
		m->stage[i] = patterns_new(m->arena, n);
	m->waiting = arena_calloc(m->arena, n * WORD_SETS * WORDS_MOST + 1, sizeof *m->waiting);
}

hs_error_t staged_make(struct arena *arena, const struct str *patterns, size_t n,
	enum matcher_space space, struct str *ret_bytes, hs_compile_error_t **ret_error)
{
	struct making m = { .arena = arena,
		.space = space,
		.of = patterns_read(arena, patterns, n, space),
		.out = BUF_INIT(UINT32_MAX),
		.firsts = BUF_INIT(UINT32_MAX),
		.waiters = BUF_INIT(UINT32_MAX),
		.places = BUF_INIT(UINT32_MAX),
		.ret_error = ret_error };
	hs_error_t result = HS_SUCCESS;

	start(&m, patterns, n);
	for (size_t i = 0; i < n && result == HS_SUCCESS; i++)
		result = place(&m, i, patterns[i]);
	put_words(&m);
	for (size_t i = 0; i < STAGES && result == HS_SUCCESS; i++)
		result = put_compiled(&m, &m.stage[i], &m.section[i]);
	if (result == HS_SUCCESS) {
		put_numbers(&m);
		*ret_bytes = written(&m);
	}
	buf_release(&m.out);
	buf_release(&m.firsts);
	buf_release(&m.waiters);
	buf_release(&m.places);
	return result;
}

/* ---- reading ---- */

static uint32_t number_at(struct str numbers, size_t i)
{
	struct str at = str_skip(numbers, i * sizeof(uint32_t));
	uint32_t number = 0;

	(void)!str_take_u32(&at, &number);
	return number;
}

static struct extent extent_at(struct str numbers, size_t i)
{
	return (struct extent){ number_at(numbers, 2 * i), number_at(numbers, 2 * i + 1) };
}

static bool take(struct str bytes, struct extent extent, struct str *ret_part)
{
	if (extent.from > bytes.n || extent.n > bytes.n - extent.from)
		return false;
	*ret_part = str_from(bytes.p + extent.from, extent.n);
	return true;
}

/* *ret_database NULL: there is none. False: the library refuses it. */
static bool take_database(
	struct str bytes, struct extent extent, const hs_database_t **ret_database)
{
	struct str image;
	size_t n;

	*ret_database = NULL;
	if (!extent.n)
		return true;
	if (!take(bytes, extent, &image) || (uintptr_t)image.p % STAGED_ALIGN)
		return false;
	*ret_database = (const void *)image.p;
	return hs_database_size(*ret_database, &n) == HS_SUCCESS && n <= image.n;
}

static bool read_staged(struct str bytes, size_t n, struct staged *s)
{
	struct str extents = str_skip(bytes, EXTENTS_AT), words;
	bool good = extents.n >= SECTIONS * EXTENT_BYTES;

	for (size_t i = 0; good && i < STAGES; i++)
		good = take_database(bytes, extent_at(extents, i), &s->database[i]);
	good = good && take(bytes, extent_at(extents, SECTION_WIDTHS), &s->widths) &&
	       take(bytes, extent_at(extents, SECTION_WORDS), &words) &&
	       wordset_read(words, &s->words) &&
	       take(bytes, extent_at(extents, SECTION_FIRSTS), &s->firsts) &&
	       take(bytes, extent_at(extents, SECTION_WAITERS), &s->waiters) &&
	       take(bytes, extent_at(extents, SECTION_PLACES), &s->places) &&
	       s->widths.n == n * EXTENT_BYTES && s->places.n == n * EXTENT_BYTES;
	s->bytes = bytes;
	s->n = n;
	for (size_t i = 0; good && i < s->waiters.n / sizeof(uint32_t); i++)
		good = staged_waiter(s, i).pattern < n;
	return good;
}

size_t staged_find(const struct patterns *patterns, struct staged *ret_staged)
{
	for (const struct embedded_file *file = matchers_embedded; file->name; file++) {
		struct str bytes = str_from(file->bytes, file->n), rest = bytes;
		struct seal seal;

		*ret_staged = (struct staged){ 0 };
		if (!str_take_u64(&rest, &seal.n) || !str_take_u64(&rest, &seal.digest) ||
			!str_take_u64(&rest, &seal.space))
			continue;
		if (seal.n && seal.n <= patterns->n &&
			seal_of(patterns, patterns->n - seal.n).digest == seal.digest &&
			read_staged(bytes, seal.n, ret_staged)) {
			ret_staged->squeezed = seal.space == MATCHER_SPACE_RUN;
			return seal.n;
		}
	}
	*ret_staged = (struct staged){ 0 };
	return 0;
}

struct width staged_width(const struct staged *staged, size_t pattern)
{
	return (struct width){ number_at(staged->widths, 2 * pattern),
		number_at(staged->widths, 2 * pattern + 1) };
}

void staged_waiters(const struct staged *staged, size_t word, size_t *ret_from, size_t *ret_to)
{
	*ret_from = number_at(staged->firsts, word);
	*ret_to = number_at(staged->firsts, word + 1);
}

struct staged_waiter staged_waiter(const struct staged *staged, size_t waiter)
{
	uint32_t number = number_at(staged->waiters, waiter);

	return (struct staged_waiter){ .pattern = number >> WAITER_BITS,
		.set = !!(number & WAITER_SET),
		.only = number & WAITER_ONLY,
		.exact = number & WAITER_EXACT,
		.ascii = number & WAITER_ASCII };
}

const hs_database_t *staged_alone(const struct staged *staged, size_t pattern)
{
	const hs_database_t *database;

	if (!take_database(staged->bytes, extent_at(staged->places, pattern), &database))
		return NULL;
	return database;
}
