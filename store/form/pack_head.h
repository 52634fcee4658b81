/* store/form/pack_head.h -- the largest entries of a packed day, and how much all others have at most.
 * Knows: the form (docs/schema.md): a version, the most that an entry outside has of each column that lists are ordered by,
 * where in the packed day every so many entries begin, the entries. Who wants the first hundred of a list reads heads, and of
 * what they leave open the few entries of the day that decide it. Does not know the database or what a list is. Pure. */
#pragma once
#include "store/form/pack.h"

/* An entry is in the head where it is among so many largest of a column. */
enum { PACK_HEAD_LARGEST = 2048, PACK_HEAD_MARK_ENTRIES = 256 };

struct pack_head {
	uint64_t beyond
		[PACK_COLUMNS]; /* no entry outside has more; of columns that no list is ordered by nothing is said */
	struct pack_reader entries;
	struct str marks;
	bool whole; /* there are no others */
};

/* Empty where the day has no more than `largest` entries: the head is the day itself. False: the day is not what pack_put writes. */
bool pack_head_make(struct str packed, size_t largest, struct buf *out);
/* False: it is no head. A day that is its own is opened by the other, and nothing is beyond it. */
bool pack_head_open(struct pack_head *head, struct str bytes);
void pack_head_whole(struct pack_head *head, struct str packed);

/* Where in the packed day the entry of a number is, if there is one. */
struct pack_place {
	uint64_t last;    /* the number before the first entry there */
	uint64_t at, end; /* octets; end is UINT64_MAX at the end of the day */
	uint64_t next;    /* the last number there; UINT64_MAX likewise */
};
/* Of a head that is not whole. */
struct pack_place pack_head_find(const struct pack_head *head, uint64_t number);
/* A reader of what stands there. */
struct pack_reader pack_head_read(const struct pack_place *place, struct str bytes);
