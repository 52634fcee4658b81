#include "store/form/dimension.h"

#include <assert.h>

enum kind { KIND_DOMAIN, KIND_DAILY, KIND_TOTAL, KIND_EVENT };

static const struct {
	struct str name;
	enum kind kind;
} dimensions[STORE_DIMENSION_COUNT] = {
#define DIMENSION(id, name, kind, help) [STORE_BY_##id] = { STR_INIT(name), KIND_##kind },
#include "store/form/dimension.def"
};

struct str store_dimension_name(enum store_dimension dimension)
{
	assert(dimension < STORE_DIMENSION_COUNT);
	return dimensions[dimension].name;
}

static bool is_set(const struct store_filters *filters, enum store_dimension dimension)
{
	return dimension != STORE_BY_STREAM && filters->value[dimension].n > 0;
}

bool store_filters_any(const struct store_filters *filters)
{
	for (int i = 0; filters && i < STORE_DIMENSION_COUNT; i++)
		if (is_set(filters, (enum store_dimension)i))
			return true;
	return false;
}

/* The dimensions that are asked about, other than `by`, of one kind. */
static unsigned count(enum store_dimension by, const struct store_filters *filters, enum kind kind)
{
	unsigned n = 0;

	for (int i = 0; i < STORE_DIMENSION_COUNT; i++)
		n += (i == (int)by || (filters && is_set(filters, (enum store_dimension)i))) &&
		     dimensions[i].kind == kind;
	return n;
}

enum store_counted store_counted_from(enum store_dimension by, const struct store_filters *filters)
{
	unsigned domains = count(by, filters, KIND_DOMAIN), days = count(by, filters, KIND_DAILY);
	unsigned totals = count(by, filters, KIND_TOTAL);

	if (count(by, filters, KIND_EVENT))
		return STORE_FROM_EVENTS;
	if (!domains && !days)
		return STORE_FROM_TOTALS;
	if (days == 1 && !domains && !totals)
		return STORE_FROM_DAYS;
	return domains && !days && (!totals || (totals == 1 && by == STORE_BY_STREAM))
		       ? STORE_FROM_DOMAINS
		       : STORE_FROM_EVENTS;
}
