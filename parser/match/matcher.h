/* parser/match/matcher.h -- many patterns over one text in one linear pass.
 * Knows: what is searched for when. Does not know what a pattern is for.
 * Patterns are regular expressions without back-references or look-around, caseless, UTF-8; see matcher_space.
 * A matcher is read-only and may be shared by threads; a scratch belongs to one thread. Memory for a scan is the
 * scratch alone. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"
#include "parser/match/space.h"

struct matcher;
struct matcher_scratch;

/* Compiles `patterns`; a match is told by the position in the array. ERR_SYNTAX: *ret_bad is the
 * pattern and *ret_why (in `arena`) what is wrong with it. ERR_LIMIT: too large together. */
MUST_CHECK enum err matcher_compile(struct arena *arena, const struct str *patterns, size_t n,
	enum matcher_space space, struct matcher **ret_matcher, size_t *ret_bad,
	struct str *ret_why);
void matcher_free(struct matcher *matcher);

/* Compiling takes a second for a thousand patterns, so the build compiles those that are part of the
 * program, and matcher_compile takes what the build made wherever the last of its patterns are these.
 * matcher_serialize gives the bytes for it, in `arena`, of patterns that compile. */
struct str matcher_serialize(
	struct arena *arena, const struct str *patterns, size_t n, enum matcher_space space);
/* True where some of its patterns were compiled by the build. */
bool matcher_is_embedded(const struct matcher *matcher);

/* A scratch for all of `matchers`. */
struct matcher_scratch *matcher_scratch_new(const struct matcher *const *matchers, size_t n);
void matcher_scratch_free(struct matcher_scratch *scratch);

/* Calls `found` for the end of matches, any number of times for one pattern, in no order. Where a
 * match starts is not told: asking for that forbids patterns with gaps, and costs; see matcher_start. `text` must be valid
 * UTF-8. Stops where `found` returns false. */
typedef bool matcher_found(void *context, size_t pattern, size_t to);
void matcher_scan(const struct matcher *matcher, struct matcher_scratch *scratch, struct str text,
	matcher_found *found, void *context);

/* Where the shortest match of a pattern that ends at `to` starts; there must be one. */
size_t matcher_start(const struct matcher *matcher, struct matcher_scratch *scratch, size_t pattern,
	struct str text, size_t to);
