/* suppress/list/format_writer.h -- one list on its way into text: each key once, what the format cannot hold left out.
 * Knows: format.def's columns. Does not know files: whoever has them asks format_writer_full. Pure; the buf's sticky
 * error is the error. Rows come by address, or in any order where the format is canonical.
 * Memory does not grow with the list, but for LIMIT_FORMAT_ODD_KEYS keys whose doubles stand elsewhere in that order. */
#pragma once
#include "suppress/list/format.h"

struct format_writer;

struct format_writer *format_writer_new(enum format format);
void format_writer_free(struct format_writer *writer);
/* What stands before the first row of a file. */
void format_writer_begin(struct format_writer *writer, struct buf *out);
/* Appends the row, or says why not. */
enum format_fate format_writer_row(
	struct format_writer *writer, const struct store_suppression *row, struct buf *out);
/* What stands behind the last row of a file; the next format_writer_begin starts another. */
void format_writer_end(struct format_writer *writer, struct buf *out);
/* Does the file have all the rows, or with file_bytes so far nearly all the bytes, that one may have? */
bool format_writer_full(const struct format_writer *writer, uint64_t file_bytes);
bool format_writer_is_canonical(const struct format_writer *writer);
/* Rows in all files so far, and those that were left out, by their fate. */
uint64_t format_writer_count(const struct format_writer *writer, enum format_fate fate);
