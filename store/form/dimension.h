/* store/form/dimension.h -- what counts can be grouped and filtered by, and from where such counts come.
 * Knows: dimension.def. Does not know SQL. Pure. */
#pragma once
#include "core/str.h"

enum store_dimension {
#define DIMENSION(id, ...) STORE_BY_##id,
#include "store/form/dimension.def"
	STORE_DIMENSION_COUNT
};
/* "domain", "provider", ... */
struct str store_dimension_name(enum store_dimension dimension);

/* Only what has these values; empty: any. In the form that events have; hosts in lower case. STORE_BY_STREAM is not
 * looked at: the window has it. */
struct store_filters {
	struct str value[STORE_DIMENSION_COUNT];
};
bool store_filters_any(const struct store_filters *filters);

/* Where counts by `by` (STORE_DIMENSION_COUNT: over time) with these filters (NULL: none) come from. */
enum store_counted {
	STORE_FROM_DOMAINS, /* rollup_15m, rollup_day, packed days: of a domain, or by domain */
	STORE_FROM_TOTALS,  /* total_15m, total_day */
	STORE_FROM_DAYS,    /* rollup_dimension: whole days (UTC) */
	STORE_FROM_EVENTS,  /* each event is looked at */
};
enum store_counted store_counted_from(enum store_dimension by, const struct store_filters *filters);
