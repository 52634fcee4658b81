/* api/request/list.h -- lists in the form that the Accept field asks for.
 * Knows: content negotiation (RFC 9110 12.5.1), NDJSON, CSV (RFC 4180), which columns a CSV has. Does not
 * know: routes, the store. Pure. */
#pragma once
#include "core/buf.h"
#include "core/str.h"

#include <jansson.h>

enum list_format { LIST_JSON, LIST_NDJSON, LIST_CSV, LIST_FORMAT_COUNT };

/* The format that `accept` likes best; no Accept field likes JSON. False: none of them. */
bool list_format_choose(struct str accept, enum list_format *ret_format);
/* "json", "ndjson", "csv". */
struct str list_format_name(enum list_format format);
const char *list_content_type(enum list_format format);
/* Appends the rows (an array of objects), each a line. A text cell of a CSV that a spreadsheet would take
 * for a formula begins with an apostrophe. */
void list_write(enum list_format format, const char *rows_key, const json_t *rows, struct buf *out);
