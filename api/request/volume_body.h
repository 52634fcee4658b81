/* api/request/volume_body.h -- the three forms of a body of rows as one: an array of JSON objects.
 * Knows: {"NAME":[...]}, NDJSON, CSV with a header (RFC 4180). Does not know which fields there are, but for
 * which of a CSV's cells are numbers. Pure. Bounds: the body's size, and `max_rows`. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

#include <jansson.h>

struct rows_form {
	const char *name;           /* of the array */
	const char *const *numbers; /* names of the fields that are numbers, ended by NULL */
	size_t max_rows;
};

struct rows_fault {
	bool syntax;     /* the body is not well-formed */
	bool is_pointer; /* `where` is one, RFC 6901; else "line 3, column 7" */
	struct str where;
	struct str detail;
};

/* `type` is the media type, with or without parameters. NULL: *ret_fault says why. */
json_t *rows_read(struct arena *arena, struct str type, struct str body,
	const struct rows_form *form, struct rows_fault *ret_fault);
