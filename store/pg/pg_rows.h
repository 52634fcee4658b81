/* store/pg/pg_rows.h -- the rows that a query answered with, read by row and column.
 * Knows: the binary forms of values. Does not know: connections, queries. Rows own what their getters return, until pg_rows_free. */
#pragma once
#include "core/str.h"
#include "core/timestamp.h"
#include "store/form/uuid.h"

struct pg_rows;

size_t pg_rows_count(const struct pg_rows *rows);
size_t pg_rows_touched(const struct pg_rows *rows);
void pg_rows_free(struct pg_rows *rows);
void pg_rows_freep(struct pg_rows **rows);
bool pg_is_null(const struct pg_rows *rows, size_t row, size_t column);
/* The value of a column of that type; null is empty, 0, TIMESTAMP_NONE, false. */
struct str pg_get_text(const struct pg_rows *rows, size_t row, size_t column);
int64_t pg_get_i64(const struct pg_rows *rows, size_t row, size_t column);
double pg_get_f64(const struct pg_rows *rows, size_t row, size_t column);
int64_t pg_get_time(const struct pg_rows *rows, size_t row, size_t column);
bool pg_get_bool(const struct pg_rows *rows, size_t row, size_t column);
struct uuid pg_get_uuid(const struct pg_rows *rows, size_t row, size_t column);
