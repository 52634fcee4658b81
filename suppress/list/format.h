/* suppress/list/format.h -- the suppression list as text, in the formats that others load. One row at a time.
 * Knows: columns, quoting. Does not know files, or which rows are asked for. Pure; the buf's sticky error is
 * the error. docs/suppression.md describes the columns. A new format is a row of the table and a file. */
#pragma once
#include "core/buf.h"
#include "store/store_suppress.h"

enum format {
	FORMAT_CSV,    /* RFC 4180 with a header; a line break in a text becomes a space */
	FORMAT_NDJSON, /* the same columns; unknown is null */
	FORMAT_COUNT
};

/* "csv", "ndjson": also the ending of a file. */
struct str format_name(enum format format);
bool format_from_name(struct str name, enum format *ret_format);
/* Appends what stands before the first row. */
void format_head(enum format format, struct buf *out);
/* Appends one row. A row that is not `active` is written as removed: what a list elsewhere has of it is to go. */
void format_row(enum format format, const struct store_suppression *row, struct buf *out);
