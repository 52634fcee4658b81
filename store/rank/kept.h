/* store/rank/kept.h -- columns of packed days, kept between questions, for any number of threads.
 * Knows: columns, by a text that says which row of which version they are of. What was asked for last is kept, up to a size; what is in
 * use is not let go. Does not know the database. Owns its columns. */
#pragma once
#include "core/str.h"
#include "store/rank/column.h"

struct kept;
struct kept_column {
	const struct column *column;
};

struct kept *kept_new(size_t max_bytes);
/* Takes NULL. Nobody uses a column any more. */
void kept_free(struct kept *kept);

bool kept_has(struct kept *kept, struct str row, unsigned which);
/* NULL: it is not there. Until kept_give. */
struct kept_column *kept_take(struct kept *kept, struct str row, unsigned which);
/* As kept_take; where somebody else was first, it is theirs. */
struct kept_column *kept_put(
	struct kept *kept, struct str row, unsigned which, struct column *take_column);
void kept_give(struct kept *kept, struct kept_column *column);
/* Of memory. */
size_t kept_bytes(struct kept *kept);
