/* api/request/json_body.h -- a body as JSON, and what is wrong with one that is none, in our words.
 * Knows: jansson and its error codes. Does not know which fields there are, routes, answers. Pure.
 * Bounds: the body's size; depth is jansson's (2048). */
#pragma once
#include "core/arena.h"
#include "core/str.h"

#include <jansson.h>

struct json_fault {
	bool too_large;   /* well-formed, with a number that no field takes */
	struct str where; /* "line 3, column 7" */
	struct str detail;
};

/* `lines_before`: of the body in front of `text`. NULL: *ret_fault says why. A name twice in an object is refused. */
json_t *json_body_read(
	struct arena *arena, struct str text, size_t lines_before, struct json_fault *ret_fault);
