/* store/form/address_filter.h -- a set of addresses in 32 MiB that may say yes of one that is not in it, and never no of one that is (Bloom,
 * 1970, with two places): of 10 million, one of 200 of the others.
 * Knows: bits. Pure. */
#pragma once
#include "core/str.h"

#include <stdbool.h>

struct address_filter;

struct address_filter *address_filter_new(void);
void address_filter_free(struct address_filter *take_filter);
/* Puts it in. May it have been in it? */
bool address_filter_add(struct address_filter *filter, struct str address);
