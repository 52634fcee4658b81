/* parser/mail/layout.h -- what a mailing program or a gateway did to the lines of a notice, undone.
 * Knows: marks of a reply, doubled line ends. Does not know what the lines say. Pure; the result is the
 * text itself or lives in `arena`. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* Lines that end with LF alone, whichever line ends the text came with. */
struct str layout_line_feeds(struct arena *arena, struct str text);
/* A notice that went through a mailing program as a reply has "> " before each line. Empty where less
 * than half of the lines have. */
struct str layout_without_quotes(struct arena *arena, struct str text);
/* A notice whose line ends were doubled, as by CR CR LF or by HTML with a block for each line: a line
 * that belongs to the one before would stand apart from it, as if it were about somebody else. */
struct str layout_single_spaced(struct arena *arena, struct str text);
