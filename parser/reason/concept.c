#include "parser/reason/concept.h"

static const struct {
	struct str name;
	enum concept_role role;
	enum concept negated;
} concepts[CONCEPT_COUNT] = {
#define CONCEPT(id, name, role, when_negated, meaning)                                             \
	[CONCEPT_##id] = { STR_INIT(name), AS_##role, CONCEPT_##when_negated },
#include "parser/reason/concepts.def"
};

struct str concept_name(enum concept one)
{
	return concepts[one].name;
}

bool concept_from_name(struct str name, enum concept *ret_concept)
{
	for (size_t i = 1; i < CONCEPT_COUNT; i++)
		if (str_eq(concepts[i].name, name)) {
			*ret_concept = (enum concept)i;
			return true;
		}
	return false;
}

enum concept_role concept_role(enum concept one)
{
	return concepts[one].role;
}

enum concept concept_negated(enum concept one)
{
	return concepts[one].negated;
}
