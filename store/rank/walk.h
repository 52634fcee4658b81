/* store/rank/walk.h -- the first rows of a list whose foremost value many domains have, by their names.
 * Knows: the names in order, packed_day. A list by name is in that order, one from the least count on begins with those that have
 * none, one by rate with 0 or 1; nothing stands before these, and they stand by their names. So domains are looked up by name,
 * from where the page begins, until it is full: what is read is as large for millions of events as for thousands.
 * Does not know JSON or what is counted beside the order. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "store/pg/pg.h"
#include "store/rank/names.h"
#include "store/rank/page.h"

enum { WALK_MOST = 8192 }; /* domains that are looked up; beyond them all days are read */

struct walk {
	const struct rank_order *order;
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

/* Has the order such a value, and may the page have it? */
bool walk_suits(const struct rank_order *order);
/* Writes at most order->limit rows; in the transaction in which walk->rows were read. *ret_done false: it has not found as many, or a
 * day has no head. */
MUST_CHECK enum err walk_run(const struct walk *walk, struct pg *pg, struct walk_row *rows,
	size_t *ret_n, bool *ret_done);
