/* parser/match/pattern.h -- what can be said of a pattern without compiling it.
 * Knows: the syntax that matcher.h allows. Does not know the library that compiles it. Pure. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* True where every match holds a byte above 127, so that a text of ASCII has none. False may be caution: of
 * classes, and of groups deeper than 32, nothing is said. */
bool pattern_needs_high(struct str pattern);
/* Each space outside a character class becomes "white space, any amount", or "one" where a count follows it. */
const char *pattern_with_runs(struct arena *arena, struct str pattern);

/* Bytes that the match of a pattern may start with, letters without regard to case; all where the pattern has what is not
 * understood here. */
struct pattern_first {
	uint64_t bits[4];
};
struct pattern_first pattern_first(struct str pattern);

static inline bool pattern_may_start(const struct pattern_first *first, char c)
{
	return first->bits[(unsigned char)c / 64] >> (unsigned char)c % 64 & 1;
}
