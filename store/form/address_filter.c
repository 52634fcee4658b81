#include "store/form/address_filter.h"

#include <stdint.h>
#include <stdlib.h>

enum { FILTER_BITS = 28 };

struct address_filter {
	uint8_t bits[1 << (FILTER_BITS - 3)];
};

struct address_filter *address_filter_new(void)
{
	struct address_filter *filter = calloc(1, sizeof *filter);

	if (!filter)
		abort();
	return filter;
}

void address_filter_free(struct address_filter *take_filter)
{
	free(take_filter);
}

static bool set(struct address_filter *filter, uint32_t hash)
{
	uint32_t bit = hash >> (32 - FILTER_BITS);
	uint8_t mask = (uint8_t)(1u << (bit & 7)), *byte = &filter->bits[bit >> 3];
	bool was_set = *byte & mask;

	*byte |= mask;
	return was_set;
}

/* The second place is the first one's hash times 2^32 over the golden ratio (Knuth, TAOCP 3, 6.4). */
bool address_filter_add(struct address_filter *filter, struct str address)
{
	uint32_t hash = str_ihash(address);
	bool first = set(filter, hash), second = set(filter, hash * 2654435769u);

	return first && second;
}
