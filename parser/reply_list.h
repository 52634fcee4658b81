/* parser/reply_list.h -- lists of replies and what is right for each: columns divided by tabs, a header first.
 * reply, remote_mta (may be empty), accepted (reasons, divided by commas), hard (may the address be suppressed for it: true, false,
 * either), group. Pure; texts are the source's. Bounds: LIMIT_RULES_BYTES a list. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "parser/text/source.h"

#include <stdint.h>

struct reply_row {
	struct str reply, remote_mta, group;
	uint64_t accepted; /* a bit for each reason */
	int hard;          /* 1, -1, or 0: either */
};
struct reply_rows {
	struct reply_row *items;
	size_t n;
};

/* In `arena`. ERR_SYNTAX, ERR_LIMIT: a line is no row, and *ret_trouble says which. */
MUST_CHECK enum err reply_list_read(struct arena *arena, const struct parse_source *source,
	struct reply_rows *ret_rows, struct str *ret_trouble);
