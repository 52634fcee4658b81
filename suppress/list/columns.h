/* suppress/list/columns.h -- the columns of the list, which every format has: their names, shapes, and values of a row.
 * Knows: columns.def. Does not know how a format quotes. Pure. */
#pragma once
#include "store/store_suppress.h"

enum column {
#define COLUMN(id, name, shape) COLUMN_##id,
#include "suppress/list/columns.def"
	COLUMN_COUNT
};
enum shape { SHAPE_TEXT, SHAPE_NUMBER, SHAPE_BOOL };

/* The values of a row as text, empty where it is not known. Texts borrow from the row or from this. */
struct columns {
	struct str value[COLUMN_COUNT];
	char scope[160], first_seen[TIMESTAMP_TEXT_BYTES], last_seen[TIMESTAMP_TEXT_BYTES];
	char expires_at[TIMESTAMP_TEXT_BYTES], evidence[UUID_TEXT_BYTES], count[24], seq[24];
};
void columns_fill(struct columns *columns, const struct store_suppression *row);
struct str column_name(enum column column);
enum shape column_shape(enum column column);
