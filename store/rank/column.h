/* store/rank/column.h -- one count of a packed day, or span, by the numbers of domains, in a form that is added up many at a time.
 * Knows: packed days. An array of one or two octets a domain where that is shorter than a list, and a list of what does not fit in:
 * its size follows the number of domains, however many events there are. Does not know what is counted, or the database. Pure. */
#pragma once
#include "store/form/pack.h"

/* Besides the columns of packed days: who has an entry at all. */
enum { COLUMN_ENTRIES = PACK_COLUMNS, COLUMN_COUNT };

struct column {
	uint64_t n;     /* all numbers are below it */
	uint64_t *bits; /* of COLUMN_ENTRIES alone: by number */
	uint8_t *
		octets; /* one of these, or neither: by number; 0 where it is in the list, or nothing */
	uint16_t *pairs;
	uint32_t *numbers; /* the list, by rising number */
	uint64_t *values;
	size_t n_more;
	size_t bytes; /* of memory */
};

enum { COLUMNS_AT_ONCE = 4 };

/* Writes ret_columns[i] for wanted[i], n of them, of which one may be COLUMN_ENTRIES. False, and nothing is written: it is no packed
 * day, or a number in it is `known` or more. */
bool column_make(struct str packed, uint64_t known, const unsigned *wanted, size_t n,
	struct column **ret_columns);
/* Takes NULL. */
void column_free(struct column *column);
