/* parser/reason/concept.h -- what words of a refusal can mean: the closed list of concepts.def, and sets of them.
 * Pure. */
#pragma once
#include "core/str.h"

enum concept {
#define CONCEPT(id, name, role, when_negated, meaning) CONCEPT_##id,
#include "parser/reason/concepts.def"
	CONCEPT_COUNT
};
enum concept_role { AS_TURN, AS_THING, AS_STATE, AS_GOOD };

/* A set of concepts. */
struct concepts {
	uint64_t bits[2];
};
static inline bool concepts_has(const struct concepts *set, enum concept one)
{
	return set->bits[one / 64] >> (one % 64) & 1;
}
static inline void concepts_add(struct concepts *set, enum concept one)
{
	set->bits[one / 64] |= (uint64_t)1 << (one % 64);
}
static inline bool concepts_meet(const struct concepts *a, const struct concepts *b)
{
	return (a->bits[0] & b->bits[0]) || (a->bits[1] & b->bits[1]);
}
static inline bool concepts_empty(const struct concepts *set)
{
	return !set->bits[0] && !set->bits[1];
}

struct str concept_name(enum concept one);
bool concept_from_name(struct str name, enum concept *ret_concept);
enum concept_role concept_role(enum concept one);
enum concept concept_negated(enum concept one);
