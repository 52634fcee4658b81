/* parser/match/databases.h -- patterns as the library takes them, and what it makes of them.
 * Knows: Vectorscan. Does not know where a database is kept, or when it is searched. */
#pragma once
#include "core/arena.h"
#include "parser/match/space.h"

#include <hs/hs.h>

struct patterns {
	const char **expressions;
	unsigned *flags, *ids; /* ids: what a match is told by */
	size_t n;
};

/* Bytes of a match; most: UINT32_MAX without a bound. */
struct width {
	uint32_t least, most;
};

/* Arrays for `n`, none of them filled. */
struct patterns patterns_new(struct arena *arena, size_t n);
void patterns_add(struct patterns *patterns, const char *expression, unsigned flags, unsigned id);
/* All of them, by their position. */
struct patterns patterns_read(
	struct arena *arena, const struct str *patterns, size_t n, enum matcher_space space);
/* Of a pattern that compiles. */
struct width patterns_width(const struct patterns *patterns, size_t pattern);

/* For any processor that the library runs on, so that what is compiled here is what a build elsewhere embeds. Without patterns *ret_database
 * is NULL. Of an error the expression is a position in `patterns`; hs_free_compile_error. */
hs_error_t databases_compile(const struct patterns *patterns, hs_database_t **ret_database,
	hs_compile_error_t **ret_error);
/* One pattern alone, for this processor. */
hs_database_t *databases_compile_alone(const struct patterns *patterns, size_t pattern);
