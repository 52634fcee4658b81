/* parser/mail/boundary.h -- the lines that part a multipart, RFC 2046 5.1.1.
 * Knows: lines that start with "--". Does not know headers. Pure; results borrow from their text. */
#pragma once
#include "core/str.h"

/* Is it the line of that boundary, white space behind it allowed? *ret_close: it ends the multipart. */
bool boundary_line(struct str line, struct str boundary, bool *ret_close);
/* The next line that could be a boundary, the text before it skipped. */
bool boundary_next(struct str *rest, struct str *ret_line);
bool boundary_occurs(struct str rest, struct str boundary);
/* The boundary that the lines behind a multipart header really use: the line "--X" in front of the
 * first Content- field. Empty: none. */
struct str boundary_in_use(struct str rest);
