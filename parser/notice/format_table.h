/* parser/notice/format_table.h -- the families of notices that are written for a person, all in one table.
 * Knows: the tables in families/, whose rows are anchors: the family, what stands behind its sentence, the sentence.
 * A new family is rows and golden cases; code of its own only where its layout is its own, which is a shape here and a
 * case of the one reader, format.c. Does not know how an anchor is found or read. Pure. */
#pragma once
#include "core/str.h"

enum format_shape {
	FORMAT_ORIGINAL, /* the returned message starts here */
	FORMAT_BELOW,    /* recipients on the lines below, each with its diagnosis */
	FORMAT_HERE,     /* the same, the list starting with the anchor itself */
	FORMAT_LOCAL,    /* the same, local parts only: the domain is that of From */
	FORMAT_INLINE,   /* the recipient right behind */
	FORMAT_BEFORE, /* the recipient is the last address in front of the anchor's end, on its line */
	FORMAT_SESSION, /* an SMTP session: who was refused in it */
	FORMAT_LINES,   /* "550 <user@host>... diagnosis" on lines below */
	FORMAT_TABLE,   /* headings of a table, one of them of the recipients */
	FORMAT_DELAY,   /* the notice is a warning: nothing is given up yet */
	FORMAT_SUCCESS, /* the notice says that nothing failed */
	FORMAT_MARK,    /* tells the family, names nobody */
};
enum format_rank { FORMAT_OWN, FORMAT_GENERIC }; /* generic anchors speak where no family does */

struct format_anchor {
	struct str format; /* the family's name; empty: says nothing of who wrote it */
	enum format_shape shape;
	enum format_rank rank;
	struct str pattern; /* see matcher.h */
};

/* All rows, in the order in which they are searched for. */
const struct format_anchor *format_table(size_t *ret_n);
/* Is there a family of this name? */
bool format_known(struct str name);
