/* suppress/format_priv.h -- what the formats share: the canonical columns, and JSON's texts. */
#pragma once
#include "suppress/format.h"

enum column {
#define COLUMN(id, name, shape) COLUMN_##id,
#include "suppress/columns.def"
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

void format_csv_head(struct buf *out);
void format_csv_row(const struct store_suppression *row, struct buf *out);
void format_ndjson_row(const struct store_suppression *row, struct buf *out);
/* A string with its quotes, RFC 8259 7. `text` is valid UTF-8. */
void format_json_text(struct str text, struct buf *out);
