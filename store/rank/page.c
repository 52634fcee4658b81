#include "store/rank/page.h"

#include <math.h>

static double size_of(const struct rank *rank, enum rank_by by)
{
	if (by == RANK_BY_NAME)
		return 0;
	if (by == RANK_BY_ATTEMPTED)
		return rank->has_volume ? (double)rank->attempted : -1;
	if (by == RANK_BY_SUM)
		return (double)rank->sum;
	return rank->attempted && rank->covered <= rank->attempted &&
			       (!rank->failed || rank->covered)
		       ? (double)rank->covered / (double)rank->attempted
		       : -1;
}

/* -1 is a size that is not known. */
static double value_of(const struct rank_order *order, const struct rank *rank)
{
	double size = size_of(rank, order->by);

	if (!order->reversed)
		return size;
	return size < 0 ? -INFINITY : -size;
}

struct rank_place rank_place_of(
	const struct rank_order *order, const struct rank *rank, struct str name, uint64_t number)
{
	return (struct rank_place){ value_of(order, rank), name,
		order->reversed && order->by == RANK_BY_NAME, number };
}

/* Does a stand behind b on the list? Larger values first, then names. */
static bool is_behind(const struct rank_place *a, const struct rank_place *b)
{
	if (a->value < b->value || a->value > b->value)
		return a->value < b->value;
	return a->z_to_a ? str_cmp(a->name, b->name) < 0 : str_cmp(a->name, b->name) > 0;
}

bool rank_is_wanted(
	const struct rank_order *order, const struct rank *rank, const struct rank_place *place)
{
	if (!rank->seen || (order->min_attempted &&
				   (!rank->has_volume || rank->attempted < order->min_attempted)))
		return false;
	return !order->after || is_behind(place, order->after);
}

/* places[0] is the hindmost of the n that were kept. */
static void sink(struct rank_place *places, size_t n, size_t at)
{
	for (;;) {
		size_t hind = at, child = 2 * at + 1;
		struct rank_place place;

		for (size_t i = child; i < n && i < child + 2; i++)
			if (is_behind(&places[i], &places[hind]))
				hind = i;
		if (hind == at)
			return;
		place = places[at];
		places[at] = places[hind];
		places[hind] = place;
		at = hind;
	}
}

static void rise(struct rank_place *places, size_t at)
{
	while (at && is_behind(&places[at], &places[(at - 1) / 2])) {
		struct rank_place place = places[at];

		places[at] = places[(at - 1) / 2];
		places[(at - 1) / 2] = place;
		at = (at - 1) / 2;
	}
}

void rank_offer(struct rank_page *page, const struct rank *rank, struct str name, uint64_t number)
{
	const struct rank_order *order = page->order;
	bool full = page->n == order->limit;
	struct rank_place place = rank_place_of(order, rank, name, number);

	if (full && place.value < page->places[0].value)
		return;
	if (!rank_is_wanted(order, rank, &place) || (full && !is_behind(&page->places[0], &place)))
		return;
	page->places[full ? 0 : page->n] = place;
	if (full)
		sink(page->places, page->n, 0);
	else
		rise(page->places, page->n++);
}

void rank_put_in_order(struct rank_page *page)
{
	for (size_t n = page->n; n > 1;) {
		struct rank_place place = page->places[0];

		page->places[0] = page->places[--n];
		page->places[n] = place;
		sink(page->places, n, 0);
	}
}
