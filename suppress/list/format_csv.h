/* suppress/list/format_csv.h -- RFC 4180, with a header. Pure. */
#pragma once
#include "core/buf.h"
#include "store/store_suppress.h"

void format_csv_head(struct buf *out);
void format_csv_row(const struct store_suppression *row, struct buf *out);
