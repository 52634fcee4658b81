/* suppress/list/format_ndjson.h -- one JSON object a line. Pure. */
#pragma once
#include "core/buf.h"
#include "store/store_suppress.h"

void format_ndjson_row(const struct store_suppression *row, struct buf *out);
/* A string with its quotes, RFC 8259 7. `text` is valid UTF-8. */
void format_json_text(struct str text, struct buf *out);
