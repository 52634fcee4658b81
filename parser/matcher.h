/* parser/matcher.h -- many patterns over one text in one linear pass.
 * Knows: Vectorscan; the one stem that sees it. Does not know what a pattern is for.
 * Patterns are regular expressions without back-references or look-around, caseless, UTF-8; a space
 * stands for any run of white space, before a count (" *", " ?") for one.  A matcher is read-only and may be shared by threads; a scratch
 * belongs to one thread. Memory for a scan is the scratch alone. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

struct matcher;
struct matcher_scratch;

/* Telling where a match starts forbids patterns with long gaps, and costs. */
enum matcher_want { MATCHER_ENDS, MATCHER_STARTS };

/* Compiles `patterns`; a match is told by the position in the array. ERR_SYNTAX: *ret_bad is the
 * pattern and *ret_why (in `arena`) what is wrong with it. ERR_LIMIT: too large together. */
MUST_CHECK enum err matcher_compile(struct arena *arena, const struct str *patterns, size_t n,
	enum matcher_want want, struct matcher **ret_matcher, size_t *ret_bad, struct str *ret_why);
void matcher_free(struct matcher *matcher);

/* A scratch for all of `matchers`. */
struct matcher_scratch *matcher_scratch_new(const struct matcher *const *matchers, size_t n);
void matcher_scratch_free(struct matcher_scratch *scratch);

/* Calls `found` for matches of text[from..to), any number of times for one pattern, in order of `to`.
 * `from` is 0 with MATCHER_ENDS. `text` must be valid UTF-8. Stops where `found` returns false. */
typedef bool matcher_found(void *context, size_t pattern, size_t from, size_t to);
void matcher_scan(const struct matcher *matcher, struct matcher_scratch *scratch, struct str text,
	matcher_found *found, void *context);
