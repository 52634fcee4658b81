/* api/request/param_type.h -- the types of query parameters: how a value is read, and what was wanted where it is none.
 * Knows: words, numbers, moments, domains and addresses as text. Does not know which parameter has which type
 * (params.def), or a clock: the moment of the request comes in. Pure. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

#include <stdint.h>

enum param_type {
	TYPE_TIME,
	TYPE_TEXT,
	TYPE_DOMAIN,
	TYPE_COUNT,
	TYPE_LIMIT,
	TYPE_SORT,
	TYPE_ORDER,
	TYPE_BASIS,
	TYPE_STEP,
	TYPE_INTERVAL,
	TYPE_REASON,
	TYPE_OUTCOME,
	TYPE_CLASS,
	TYPE_KIND,
	TYPE_STATE,
	TYPE_PROOF,
	TYPE_FLAG,
	TYPE_FORMAT,
	TYPE_DIMENSION,
	TYPE_STATUS,
	TYPE_HOST,
	TYPE_SWITCH, /* a flag whose name alone is true */
	TYPE_COUNT_OF
};

enum param_order { ORDER_ASC, ORDER_DESC };

struct param_reading {
	struct arena *arena;
	int64_t now_us;
	struct str text;   /* as it came; as it is used when it was read */
	int64_t number;    /* microseconds, counts, or the value of an enum */
	const char *fault; /* says more than what was wanted; NULL: nothing to say */
};

/* False: `reading->fault`, or else param_type_wanted, says why. */
bool param_type_read(enum param_type type, struct param_reading *reading);
/* May a value be empty, as if the parameter were not there? So an empty field of a form is no filter. */
bool param_type_may_be_empty(enum param_type type);
const char *param_type_wanted(enum param_type type);
/* A JSON Schema, as JSON. */
const char *param_type_schema(enum param_type type);
