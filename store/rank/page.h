/* store/rank/page.h -- the order of a list of domains, and the first rows of it behind a place.
 * Knows: what a value is made of, ties by name. Does not know packed days, JSON, the database. Pure. */
#pragma once
#include "core/str.h"
#include "store/rank/rank.h"

struct rank_place {
	double value; /* the larger, the nearer to the front, whatever the order */
	struct str name;
	bool z_to_a; /* names of one value; else from a to z */
	uint64_t number;
};

enum rank_by { RANK_BY_SUM, RANK_BY_NAME, RANK_BY_ATTEMPTED, RANK_BY_RATE };

struct rank_order {
	enum rank_by by;
	bool reversed;          /* from the least on; what has no value comes last all the same */
	uint64_t min_attempted; /* 0: without a volume, too */
	const struct rank_place *after; /* NULL: from the start */
	size_t limit;
};

struct rank_place rank_place_of(
	const struct rank_order *order, const struct rank *rank, struct str name, uint64_t number);
/* Is it on the list, behind where the page begins? */
bool rank_is_wanted(
	const struct rank_order *order, const struct rank *rank, const struct rank_place *place);

/* The foremost of those that are offered, at most order->limit. */
struct rank_page {
	const struct rank_order *order;
	struct rank_place *places; /* has room for order->limit */
	size_t n;
};
void rank_offer(struct rank_page *page, const struct rank *rank, struct str name, uint64_t number);
/* places[] in their order, the foremost first. No more is offered after that. */
void rank_put_in_order(struct rank_page *page);
