#include "core/report.h"

#include "core/names_priv.h"

static const struct str kind_names[KIND_COUNT] = {
#define KIND(id, name, meaning) [KIND_##id] = STR_INIT(name),
#include "core/report.def"
};
static const struct str outcome_names[OUTCOME_COUNT] = {
#define OUTCOME(id, name, meaning) [OUTCOME_##id] = STR_INIT(name),
#include "core/report.def"
};
static const struct str layer_names[LAYER_COUNT] = {
#define LAYER(id, name, meaning) [LAYER_##id] = STR_INIT(name),
#include "core/report.def"
};
static const struct str token_verdict_names[TOKEN_VERDICT_COUNT] = {
#define TOKEN_VERDICT(id, name, meaning) [TOKEN_##id] = STR_INIT(name),
#include "core/report.def"
};
static const struct str proof_names[PROOF_COUNT] = {
#define PROOF(id, name, meaning) [PROOF_##id] = STR_INIT(name),
#include "core/report.def"
};
static const struct str flaw_names[FLAW_COUNT] = {
#define FLAW(id, name, meaning) [FLAW_##id] = STR_INIT(name),
#include "core/report.def"
};
_Static_assert(FLAW_COUNT <= 32, "flaws are bits of a uint32_t");

void event_init(struct event *event)
{
	*event = (struct event){ .arrival_date_us = TIMESTAMP_NONE,
		.last_attempt_date_us = TIMESTAMP_NONE,
		.will_retry_until_us = TIMESTAMP_NONE,
		.rule = { .layer = LAYER_NONE } };
}

void report_init(struct report *report)
{
	*report =
		(struct report){ .kind = KIND_UNKNOWN, .original = { .date_us = TIMESTAMP_NONE } };
}

/* The two functions of each word list. */
#define WORDS(type, prefix, count)                                                                 \
	struct str prefix##_name(enum type value)                                                  \
	{                                                                                          \
		return prefix##_names[value];                                                      \
	}                                                                                          \
	bool prefix##_from_name(struct str name, enum type *ret_value)                             \
	{                                                                                          \
		size_t i;                                                                          \
                                                                                                   \
		if (!name_index(prefix##_names, count, name, &i))                                  \
			return false;                                                              \
		*ret_value = (enum type)i;                                                         \
		return true;                                                                       \
	}

WORDS(kind, kind, KIND_COUNT)
WORDS(outcome, outcome, OUTCOME_COUNT)
WORDS(layer, layer, LAYER_COUNT)
WORDS(token_verdict, token_verdict, TOKEN_VERDICT_COUNT)
WORDS(proof, proof, PROOF_COUNT)
WORDS(flaw, flaw, FLAW_COUNT)
