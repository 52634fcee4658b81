/* store/rank/heads.h -- which domains may be the first of a list, from the heads of packed days alone, and their counts.
 * Knows: packed_day. A domain that is in no head has at most what heads say of all beyond them; where so many others as the
 * page has rows have more for certain, it is not on the page. So what is read is as large for millions of domains as for
 * thousands. Of the few that may be, the parts whose heads do not have them are looked up by octets of the packed days.
 * Does not know names, JSON, or orders other than from the largest count down. */
#pragma once
#include "store/form/pack_head.h"
#include "store/pg/pg.h"
#include "store/rank/rank.h"

struct heads_wish {
	enum pack_column column; /* PACK_ATTEMPTED of volumes, others of parts that are chosen */
	uint64_t min_attempted;  /* what has less is not on the list */
	double before; /* where a page begins: what may have as much or more is not on it for certain. INFINITY */
	bool or_any; /* where fewer than the page has rows have any: all of these, if heads have them all */
	size_t limit; /* 0: all that may have min_attempted, whatever the order is; of PACK_ATTEMPTED then */
};

enum heads_part {
	HEADS_ALL,   /* rows of QUERY_HEADS */
	HEADS_MARKS, /* of QUERY_HEAD_MARKS: where entries are alone, for heads_take */
};
enum { HEADS_CHOSEN = 4096 };

struct heads;
/* From rows that have to live as long; parts likewise, one a row. NULL: one of them has no head, or none that can be read. */
struct heads *heads_new(
	const struct pg_rows *rows, const struct rank_part *parts, enum heads_part part);
/* Takes NULL. */
void heads_free(struct heads *heads);

struct heads_choice {
	const uint64_t
		*numbers; /* of domains, by rising number, all that may be on the page among them */
	size_t n;
	bool any; /* that have any, as wish->or_any says: all others have nothing */
};
/* False: heads do not tell. */
bool heads_choose(
	struct heads *heads, const struct heads_wish *wish, struct heads_choice *ret_choice);

/* Chosen by somebody else: at most HEADS_CHOSEN, by rising number, in place of those before. */
void heads_take(struct heads *heads, const uint64_t *numbers, size_t n);

/* All entries of those that were chosen; in the transaction in which rows were read. *ret_done false: too much would have to be
 * looked up, and some entries were not handed out. */
MUST_CHECK enum err heads_read(
	struct heads *heads, struct pg *pg, rank_fn *fn, void *context, bool *ret_done);
