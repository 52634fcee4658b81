#include "suppress/list/list_kind.h"

static const struct str endings[LIST_KIND_COUNT] = { [LIST_BOUNCE] = STR_INIT(""),
	[LIST_COMPLAINT] = STR_INIT("-complaint"),
	[LIST_UNSUBSCRIBE] = STR_INIT("-unsubscribe") };
static const struct {
	struct str source;
	enum list_kind kind;
} sources[] = {
	{ STR_INIT("complaint"), LIST_COMPLAINT },
	{ STR_INIT("manual"), LIST_UNSUBSCRIBE },
	{ STR_INIT("unsubscribe"), LIST_UNSUBSCRIBE },
};

struct str list_kind_ending(enum list_kind kind)
{
	return endings[kind];
}

enum list_kind list_kind_of(const struct store_suppression *row)
{
	for (size_t i = 0; i < ARRAY_LEN(sources); i++)
		if (str_eq(row->source, sources[i].source))
			return sources[i].kind;
	if (!str_starts(row->source, STR("import:")))
		return LIST_BOUNCE;
	for (size_t i = LIST_KIND_COUNT; --i;)
		if (str_ends(row->source, endings[i]))
			return (enum list_kind)i;
	return LIST_BOUNCE;
}
