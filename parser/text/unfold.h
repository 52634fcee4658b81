/* parser/text/unfold.h -- logical lines of a header block or of a report part.
 * Knows: folding, RFC 5322 2.2.3. Does not know what a field means. Pure.
 * Results borrow from the text, or live in `arena` where a line had to be joined. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* Takes the next logical line off *rest: a line and the lines behind it that start with a space or a
 * tab, joined by one space each. A line of white space alone is an empty line and is never joined,
 * as reports use it to end a group. False when nothing is left. */
bool line_next(struct arena *arena, struct str *rest, struct str *ret_line);

/* Each run of white space as one space, none at the ends: how a diagnostic is kept and matched. */
struct str text_squeeze(struct arena *arena, struct str text);
