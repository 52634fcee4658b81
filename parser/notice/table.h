/* parser/notice/table.h -- recipients in the rows of a table whose headings stand in a row of their own.
 * Knows: columns set apart by tabs (as HTML cells become), by "|" or by runs of spaces; what headings
 * call a recipient. Does not know families or reasons. Pure; adds events to a list. */
#pragma once
#include "parser/notice/entry.h"

/* The region starts with the row of headings. Nothing is read where it is none, or where neither a sentence
 * nor the code of a reply in it tells that the table is one of failures. */
void entries_table(struct entry_source *source);
