/* store/form/pack.h -- counts of a day, or of a span of days, by domain in few bytes, and back.
 * Knows: the form (docs/schema.md): a version, then entries by rising number of the domain: the distance
 * to the number before, which columns are not zero, those. Does not know what the columns count, or the
 * database. Pure. */
#pragma once
#include "core/buf.h"
#include "core/str.h"

#include <stdint.h>

/* The seven that are seldom zero come first: their bits are one octet. */
enum pack_column {
	PACK_FAILED,
	PACK_HARD,
	PACK_SOFT,
	PACK_BLOCK,
	PACK_DELAYED,
	PACK_ATTEMPTED,
	PACK_ACCEPTED,
	PACK_DELIVERED,
	PACK_RELAYED,
	PACK_EXPANDED,
	PACK_COMPLAINTS,
	PACK_FAILED_UNCOVERED, /* of failed: on days without a volume of its stream */
	PACK_HARD_UNCOVERED,
	PACK_SOFT_UNCOVERED,
	PACK_BLOCK_UNCOVERED,
	PACK_COLUMNS
};

struct pack_entry {
	uint64_t number;
	uint32_t set; /* 1u << column of each that is not zero; the others may be anything */
	uint64_t column[PACK_COLUMNS];
};

/* A number as all of them are written. False, and nothing is taken, where `rest` has no whole one. */
void pack_put_number(struct buf *out, uint64_t number);
bool pack_take_number(struct str *rest, uint64_t *ret_number);

/* The first entry of a day: writes the version and forgets what was before. */
void pack_start(struct buf *out, uint64_t *ret_last);
/* Numbers rise; *last is pack_start's. */
void pack_put(struct buf *out, uint64_t *last, const struct pack_entry *entry);

struct pack_reader {
	struct str rest;
	uint64_t last;
	bool bad; /* not what pack_put writes */
};
/* Of a version that is not this one, the reader is bad. */
void pack_open(struct pack_reader *reader, struct str packed);
/* False at the end, and where it is bad. */
bool pack_next(struct pack_reader *reader, struct pack_entry *ret_entry);
/* Writes the sums of n readers, by number: one day's streams, or one stream's days. The readers are used up; false where
 * one of them is bad. */
bool pack_merge(struct pack_reader *readers, size_t n, struct buf *out);
