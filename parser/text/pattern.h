/* parser/text/pattern.h -- what can be said of a pattern without compiling it.
 * Knows: the syntax that matcher.h allows. Does not know the library that compiles it. Pure. */
#pragma once
#include "core/str.h"

/* True where every match holds a byte above 127, so that a text of ASCII has none. False may be caution: of
 * classes, and of groups deeper than 32, nothing is said. */
bool pattern_needs_high(struct str pattern);
