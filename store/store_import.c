#include "store/store_import.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "store/form/copy.h"
#include "store/store_priv.h"

#include <stdlib.h>

enum {
	IMPORT_COPY_BYTES = 4 << 20,
	IMPORT_SPARE_BYTES = 64 << 10,
	IMPORT_SOURCE_BYTES = 128,
	IMPORT_ANALYZE_ROWS = 10000
};

struct store_import {
	struct store *store;
	struct buf rows; /* COPY, with its header */
	size_t header_bytes;
	int64_t number; /* of the next row: of equals the last one counts */
};

static enum err begin(struct store_import *import)
{
	enum err err = pg_do(import->store->pg, QUERY_BEGIN, NULL);

	if (!err)
		err = pg_do(import->store->pg, QUERY_IMPORT_SETTINGS, NULL);
	return err ? err : pg_do(import->store->pg, QUERY_IMPORT_TABLE, NULL);
}

enum err store_import_begin(struct store *store, struct store_import **ret_import)
{
	struct store_import *import = calloc(1, sizeof *import);
	enum err err;

	if (!import)
		abort();
	import->store = store;
	buf_init(&import->rows, IMPORT_COPY_BYTES + IMPORT_SPARE_BYTES);
	copy_header(&import->rows);
	import->header_bytes = import->rows.n;
	err = begin(import);
	if (err)
		return store_import_end(import, err);
	*ret_import = import;
	return ERR_OK;
}

static bool is_text(struct str s, size_t max_bytes)
{
	return s.n <= max_bytes && utf8_valid(s);
}

static bool is_moment(int64_t at_us)
{
	return at_us == TIMESTAMP_NONE ||
	       (at_us >= timestamp_days(1, 1, 1) * TIMESTAMP_DAY_US &&
		       at_us < timestamp_days(10000, 1, 1) * TIMESTAMP_DAY_US);
}

static bool is_row(const struct store_suppression *row)
{
	return row->address.n && is_text(row->address, LIMIT_ADDRESS_BYTES) &&
	       is_text(row->stream, STORE_STREAM_BYTES) &&
	       is_text(row->domain, LIMIT_ADDRESS_BYTES) &&
	       is_text(row->source, IMPORT_SOURCE_BYTES) &&
	       is_text(row->status, LIMIT_FIELD_TEXT_BYTES) &&
	       is_text(row->diagnostic, LIMIT_DIAGNOSTIC_BYTES) && is_moment(row->first_seen_us) &&
	       is_moment(row->last_seen_us) && is_moment(row->expires_at_us);
}

static enum err send_rows(struct store_import *import)
{
	enum err err = import->rows.n == import->header_bytes
			       ? ERR_OK
			       : pg_copy_in(import->store->pg, QUERY_IMPORT_COPY, &import->rows);

	import->rows.n = import->header_bytes;
	import->rows.failed = false;
	return err;
}

static int64_t earlier(int64_t at_us, int64_t other_us)
{
	return at_us == TIMESTAMP_NONE || at_us > other_us ? other_us : at_us;
}

/* Nobody saw anything later than now. */
enum err store_import_add(
	struct store_import *import, const struct store_suppression *row, int64_t now_us)
{
	struct buf *out = &import->rows;
	int64_t last_us = earlier(row->last_seen_us, now_us);

	if (!is_row(row))
		return ERR_RANGE;
	copy_row(out, 13);
	copy_i64(out, import->number++);
	copy_text(out, row->address);
	copy_text(out, row->stream);
	copy_text(out, row->domain);
	copy_text(out, reason_name(row->reason));
	copy_text(out, reason_class_name(row->class));
	copy_text(out, row->source);
	copy_time(out, earlier(row->first_seen_us, last_us));
	copy_time(out, last_us);
	copy_bool(out, row->last_seen_us != TIMESTAMP_NONE);
	copy_time(out, row->expires_at_us);
	copy_text(out, row->status);
	copy_text(out, row->diagnostic);
	return out->n >= IMPORT_COPY_BYTES ? send_rows(import) : ERR_OK;
}

/* The rows, numbered behind the last change. */
static enum err merge_rows(struct pg *pg, struct str by, struct pg_rows **ret_rows)
{
	CLEANUP(pg_rows_freep) struct pg_rows *last = NULL;
	enum err err = pg_do(pg, QUERY_IMPORT_LOCK, NULL);

	if (!err)
		err = PG_RUN(pg, QUERY_IMPORT_LAST, &last);
	if (!err)
		err = PG_RUN(pg, QUERY_IMPORT_MERGE, ret_rows, pg_text(by),
			pg_i64(pg_get_i64(last, 0, 0)));
	return err ? err : pg_do(pg, QUERY_IMPORT_COUNT, NULL);
}

enum err store_import_merge(struct store_import *import, struct str by, uint64_t *kept)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = send_rows(import);

	if (!err)
		err = pg_do(import->store->pg, QUERY_IMPORT_ANALYZE, NULL);
	if (!err)
		err = merge_rows(import->store->pg, by, &rows);
	if (!err && pg_rows_touched(rows) >= IMPORT_ANALYZE_ROWS)
		err = pg_do(import->store->pg, QUERY_SUPPRESSION_ANALYZE, NULL);
	if (!err)
		err = pg_do(import->store->pg, QUERY_IMPORT_EMPTY, NULL);
	if (!err)
		*kept += pg_rows_touched(rows);
	return err;
}

enum err store_import_commit(struct store_import *import)
{
	enum err err = pg_do(import->store->pg, QUERY_COMMIT, NULL);

	return err ? err : begin(import);
}

enum err store_import_end(struct store_import *take_import, enum err err)
{
	if (!take_import)
		return err;
	err = pg_end(take_import->store->pg, err);
	buf_release(&take_import->rows);
	free(take_import);
	return err;
}
