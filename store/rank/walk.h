/* store/rank/walk.h -- rows of a list that have one and the same value, by their names.
 * Knows: the names in order, packed_day. A list by name is in that order; one from the least count on begins with domains that have
 * none, one by rate with those of 0 or 1, and one from the largest count on ends with those that have none. These stand by their
 * names. So domains are looked up by name, from where the page begins, until it is full: what is read is as large for millions of
 * events as for thousands. Does not know JSON or what is counted beside the order. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "store/pg/pg.h"
#include "store/rank/names.h"
#include "store/rank/page.h"

struct walk_value {
	double value;
	bool to_the_end; /* nothing stands behind these either: a page at the end of names is whole */
};
/* The value that nothing stands before, if many domains may have it and the page does not begin behind it. `volumes`: does any part have
 * volumes? */
bool walk_suits(const struct rank_order *order, bool volumes, struct walk_value *ret_value);

enum { WALK_MOST = 8192 }; /* domains that are looked up; beyond them all days are read */

struct walk {
	const struct rank_order *order; /* its limit is that of these rows */
	struct walk_value value;
	enum pack_column sorted;
	struct names *names;
	struct arena *arena;           /* holds names of rows */
	const struct pg_rows *rows;    /* of QUERY_HEAD_MARKS */
	const struct rank_part *parts; /* one a row */
	rank_fn *fn; /* every entry of the i-th domain that is looked up, i below WALK_MOST */
	void *context;
};

struct walk_row {
	struct rank_place place;
	size_t i;
};

/* Writes at most order->limit rows; in the transaction in which walk->rows were read. *ret_done false: it has not found as many, or a
 * day has no head. */
MUST_CHECK enum err walk_run(const struct walk *walk, struct pg *pg, struct walk_row *rows,
	size_t *ret_n, bool *ret_done);
