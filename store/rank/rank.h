/* store/rank/rank.h -- what the order of a ranking is made of: of one domain, and how a part of it adds.
 * Knows: columns of packed days. Does not know which order it is, names, the database. Pure. */
#pragma once
#include "store/form/pack_walk.h"

/* What a packed day, or span, counts. */
struct rank_part {
	bool volume, chosen, rated;
	struct str packed; /* or its head */
};

struct rank {
	uint64_t sum; /* of the column that is sorted by */
	uint64_t failed, covered;
	uint64_t attempted : 62;
	bool seen : 1; /* not of zeros alone, which are left of what moved away */
	bool has_volume : 1;
};

/* The columns of an entry that it is made of; the last is the one that is sorted by. */
enum { RANK_FAILED, RANK_OTHER, RANK_SORTED };

static inline enum pack_column rank_other(bool volume)
{
	return volume ? PACK_ATTEMPTED : PACK_FAILED_UNCOVERED;
}

static inline void rank_add(
	struct rank *rank, const struct pack_few *few, const struct rank_part *part)
{
	if (part->volume) {
		rank->seen = rank->has_volume = true;
		rank->attempted += few->value[RANK_OTHER];
		return;
	}
	rank->seen |= part->chosen ? few->set : !part->rated && few->value[RANK_FAILED];
	if (!part->chosen)
		return;
	rank->failed += few->value[RANK_FAILED];
	rank->covered += few->value[RANK_FAILED] - few->value[RANK_OTHER];
	rank->sum += few->value[RANK_SORTED];
}

static inline uint64_t rank_value(const struct pack_entry *entry, enum pack_column column)
{
	return entry->set & 1u << column ? entry->column[column] : 0;
}

static inline void rank_add_entry(struct rank *rank, const struct pack_entry *entry,
	const struct rank_part *part, enum pack_column sorted)
{
	struct pack_few few = { .number = entry->number, .set = entry->set };

	few.value[RANK_FAILED] = rank_value(entry, PACK_FAILED);
	few.value[RANK_OTHER] = rank_value(entry, rank_other(part->volume));
	few.value[RANK_SORTED] = rank_value(entry, sorted);
	rank_add(rank, &few, part);
}

/* An entry of the i-th of some domains. */
typedef void rank_fn(
	void *context, size_t i, const struct rank_part *part, const struct pack_entry *entry);
