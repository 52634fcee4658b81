/* parser/text/pattern.h -- what can be said of a pattern without compiling it.
 * Knows: the syntax that matcher.h allows. Does not know the library that compiles it. Pure. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* True where every match holds a byte above 127, so that a text of ASCII has none. False may be caution: of
 * classes, and of groups deeper than 32, nothing is said. */
bool pattern_needs_high(struct str pattern);
/* Each space outside a character class becomes "white space, any amount", or "one" where a count follows it. */
const char *pattern_with_runs(struct arena *arena, struct str pattern);
