/* parser/notice/footer.h -- what gateways write below the text of a notice: footers of lists, marks of virus
 * scanners, legal lines.
 * Knows: how such lines are set apart and what they say. Does not know what a bounce says. Pure; the
 * result borrows from the text. */
#pragma once
#include "core/str.h"

/* The text without the footers at its end. Read on, "scanned for viruses" would be why a mail was
 * refused, and the address of a list a recipient. */
struct str footer_cut(struct str text);
