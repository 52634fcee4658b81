#include "store/rank/tally.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* All columns go on by so many numbers in turn: their sums stay in the processor's own memory meanwhile. Sums of so many octets fit
 * into two octets, of so many pairs into four. */
enum { BLOCK = 2048, BLOCK_WORDS = BLOCK / 64, MAX_OCTETS = 256, MAX_PAIRS = 65536 };

size_t tally_wants(const struct rank_order *order, enum pack_column sorted,
	const struct rank_part *part, struct tally_want *ret_wants)
{
	size_t n = 0;

	if (part->volume) {
		ret_wants[n++] = (struct tally_want){ TALLY_VOLUME, COLUMN_ENTRIES };
		if (order->min_attempted || order->by == RANK_BY_ATTEMPTED ||
			order->by == RANK_BY_RATE)
			ret_wants[n++] = (struct tally_want){ TALLY_ATTEMPTED, PACK_ATTEMPTED };
		return n;
	}
	if (!part->chosen) {
		if (!part->rated)
			ret_wants[n++] = (struct tally_want){ TALLY_UNPROVEN, PACK_FAILED };
		return n;
	}
	ret_wants[n++] = (struct tally_want){ TALLY_SEEN, COLUMN_ENTRIES };
	if (order->by == RANK_BY_SUM)
		ret_wants[n++] = (struct tally_want){ TALLY_SORTED, sorted };
	if (order->by == RANK_BY_RATE) {
		ret_wants[n++] = (struct tally_want){ TALLY_FAILED, PACK_FAILED };
		ret_wants[n++] = (struct tally_want){ TALLY_UNCOVERED, PACK_FAILED_UNCOVERED };
	}
	return n;
}

/* ---- a block of numbers ---- */

struct sum {
	uint16_t octets[BLOCK];
	uint32_t pairs[BLOCK];
	uint64_t all[BLOCK];
	size_t n_octets, n_pairs; /* arrays that were added, and are not in all[] yet */
};

struct tally {
	const struct tally_item *items;
	size_t *at; /* of each item: where its list goes on */
	size_t n;
	uint64_t first;        /* number of the block */
	bool used[TALLY_SUMS]; /* the sums of others are zeros */
	struct sum sums[TALLY_SUMS];
	uint64_t seen[BLOCK_WORDS], volume[BLOCK_WORDS];
};

static void widen(struct sum *sum)
{
	if (sum->n_octets) {
		for (size_t i = 0; i < BLOCK; i++)
			sum->all[i] += sum->octets[i];
		memset(sum->octets, 0, sizeof sum->octets);
	}
	if (sum->n_pairs) {
		for (size_t i = 0; i < BLOCK; i++)
			sum->all[i] += sum->pairs[i];
		memset(sum->pairs, 0, sizeof sum->pairs);
	}
	sum->n_octets = sum->n_pairs = 0;
}

/* Whole blocks are of a length that the compiler knows. */
static void add_octets(struct sum *sum, const uint8_t *octets, size_t n)
{
	if (n == BLOCK)
		for (size_t i = 0; i < BLOCK; i++)
			sum->octets[i] = (uint16_t)(sum->octets[i] + octets[i]);
	else
		for (size_t i = 0; i < n; i++)
			sum->octets[i] = (uint16_t)(sum->octets[i] + octets[i]);
	if (++sum->n_octets == MAX_OCTETS)
		widen(sum);
}

static void add_pairs(struct sum *sum, const uint16_t *pairs, size_t n)
{
	if (n == BLOCK)
		for (size_t i = 0; i < BLOCK; i++)
			sum->pairs[i] += pairs[i];
	else
		for (size_t i = 0; i < n; i++)
			sum->pairs[i] += pairs[i];
	if (++sum->n_pairs == MAX_PAIRS)
		widen(sum);
}

static void add_list(struct tally *t, size_t item, struct sum *sum)
{
	const struct column *c = t->items[item].column;
	size_t k = t->at[item];

	for (; k < c->n_more && c->numbers[k] < t->first + BLOCK; k++)
		sum->all[c->numbers[k] - t->first] += c->values[k];
	t->at[item] = k;
}

static void add_column(struct tally *t, size_t item)
{
	const struct column *c = t->items[item].column;
	struct sum *sum = &t->sums[t->items[item].to];
	size_t n = c->n - t->first < BLOCK ? c->n - t->first : BLOCK;

	if (c->octets)
		add_octets(sum, c->octets + t->first, n);
	if (c->pairs)
		add_pairs(sum, c->pairs + t->first, n);
	add_list(t, item, sum);
}

static void add_bits(struct tally *t, const struct column *c, bool volume)
{
	const uint64_t words = c->n / 64 + 1, first = t->first / 64;

	for (size_t i = 0; i < BLOCK_WORDS && first + i < words; i++) {
		t->seen[i] |= c->bits[first + i];
		if (volume)
			t->volume[i] |= c->bits[first + i];
	}
}

static void add_block(struct tally *t)
{
	memset(t->seen, 0, sizeof t->seen);
	memset(t->volume, 0, sizeof t->volume);
	for (size_t i = 0; i < TALLY_SUMS; i++)
		if (t->used[i])
			memset(t->sums[i].all, 0, sizeof t->sums[i].all);
	for (size_t i = 0; i < t->n; i++) {
		if (t->items[i].column->n <= t->first)
			continue;
		if (t->items[i].to < TALLY_SUMS)
			add_column(t, i);
		else
			add_bits(t, t->items[i].column, t->items[i].to == TALLY_VOLUME);
	}
	for (size_t i = 0; i < TALLY_SUMS; i++)
		if (t->used[i])
			widen(&t->sums[i]);
}

/* ---- who of a block may be on the page ---- */

/* What is behind the last row of a page that is full, whatever its name, for most of those it is so of; rounding never makes it more. */
struct bar {
	enum rank_by by;
	bool reversed, full;
	double most, least; /* of sums, or of attempts, or so many times the attempts */
};

static struct bar bar_of(const struct rank_page *page)
{
	const double slack = page->order->by == RANK_BY_RATE ? 1e-9 : 0;
	struct bar bar = { page->order->by, page->order->reversed, page->n == page->order->limit,
		INFINITY, -INFINITY };
	double value = bar.full ? page->places[0].value : 0;

	if (bar.full && bar.by != RANK_BY_NAME && bar.reversed)
		bar.most = -value * (1 + slack);
	else if (bar.full && bar.by != RANK_BY_NAME)
		bar.least = value * (1 - slack);
	return bar;
}

static inline bool is_above(double value, double times, const struct bar *bar)
{
	return bar->reversed ? !(value > bar->most * times) : !(value < bar->least * times);
}

/* Writes who is, by number in the block; how many. */
static size_t find_above(const struct tally *t, const struct bar *bar, uint16_t *ret_is)
{
	const struct sum *sums = t->sums;
	size_t n = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		int64_t failed =
			(int64_t)(sums[TALLY_FAILED].all[i] - sums[TALLY_UNCOVERED].all[i]);
		bool above = true;

		if (bar->full && bar->by == RANK_BY_RATE)
			above = is_above(
				(double)failed, (double)(int64_t)sums[TALLY_ATTEMPTED].all[i], bar);
		else if (bar->full && bar->by == RANK_BY_SUM)
			above = is_above((double)(int64_t)sums[TALLY_SORTED].all[i], 1, bar);
		else if (bar->full && bar->by == RANK_BY_ATTEMPTED)
			above = is_above((double)(int64_t)sums[TALLY_ATTEMPTED].all[i], 1, bar);
		ret_is[n] = (uint16_t)i;
		n += above && (t->seen[i / 64] >> i % 64 & 1 || sums[TALLY_UNPROVEN].all[i]);
	}
	return n;
}

static void offer_block(
	const struct tally *t, struct rank_page *page, const struct str *names, uint64_t known)
{
	const struct bar bar = bar_of(page);
	uint16_t is[BLOCK];
	size_t n = find_above(t, &bar, is);

	for (size_t k = 0; k < n; k++) {
		size_t i = is[k];
		uint64_t number = t->first + i, failed = t->sums[TALLY_FAILED].all[i];
		struct rank rank = { .sum = t->sums[TALLY_SORTED].all[i],
			.failed = failed,
			.covered = failed - t->sums[TALLY_UNCOVERED].all[i],
			.attempted = t->sums[TALLY_ATTEMPTED].all[i],
			.seen = true,
			.has_volume = t->volume[i / 64] >> i % 64 & 1 };

		if (number && number < known)
			rank_offer(page, &rank, names[number], number);
	}
}

size_t tally_pick(const struct tally_item *items, size_t n, uint64_t known,
	const struct rank_order *order, const struct str *names, struct rank_place *places)
{
	struct rank_page page = { .order = order, .places = places };
	struct tally *t = calloc(1, sizeof *t);

	if (!t || !(t->at = calloc(n + 1, sizeof *t->at)))
		abort();
	t->items = items;
	t->n = n;
	for (size_t i = 0; i < n; i++)
		if (items[i].to < TALLY_SUMS)
			t->used[items[i].to] = true;
	for (; t->first < known; t->first += BLOCK) {
		add_block(t);
		offer_block(t, &page, names, known);
	}
	rank_put_in_order(&page);
	free(t->at);
	free(t);
	return page.n;
}
