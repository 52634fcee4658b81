/* store/form/copy.h -- rows in the binary form of COPY (PostgreSQL documentation, COPY, Binary Format).
 * Knows: field lengths and byte order. Does not know tables. Pure; a buf's sticky error is
 * the error. */
#pragma once
#include "core/buf.h"
#include "core/str.h"
#include "core/timestamp.h"
#include "store/form/uuid.h"

#include <stdint.h>

/* PostgreSQL counts microseconds from 2000-01-01. */
#define PG_EPOCH_US ((int64_t)946684800 * TIMESTAMP_SECOND_US)

/* What stands before the first and behind the last row. */
void copy_header(struct buf *out);
void copy_trailer(struct buf *out);
void copy_row(struct buf *out, unsigned n_fields);
void copy_text(struct buf *out, struct str s);
void copy_bytes(struct buf *out, const void *p, size_t n);
void copy_i64(struct buf *out, int64_t number);
void copy_bool(struct buf *out, bool value);
void copy_null(struct buf *out);
void copy_f64(struct buf *out, double number);
/* TIMESTAMP_NONE is null. */
void copy_time(struct buf *out, int64_t at_us);
void copy_uuid(struct buf *out, const struct uuid *uuid);
void copy_text_array(struct buf *out, const struct str *texts, size_t n);
