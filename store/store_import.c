#include "store/store_import.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "store/form/address_filter.h"
#include "store/form/copy.h"
#include "store/form/import_batch.h"
#include "store/pg/pg_copy_in.h"
#include "store/pg/pg_copy_out.h"
#include "store/store_priv.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	IMPORT_BATCHES = 2,
	IMPORT_BATCH_BYTES = 64 << 20,
	IMPORT_COPY_BYTES = 256 << 10,
	IMPORT_SPARE_BYTES = 64 << 10,
	IMPORT_SOURCE_BYTES = 128,
	IMPORT_ANALYZE_ROWS = 10000,
	IMPORT_FILTER_ROWS =
		100000 /* of one batch: fewer are merged sooner than a long list is read */
};

struct store_import {
	struct store *store;
	struct store_import_options options;
	struct import_batch *batches[IMPORT_BATCHES]; /* the second: NULL without `beside` */
	size_t at;                                    /* which one takes rows */
	/* The thread has all that follows, and the store, while it runs. */
	pthread_t thread;
	bool threaded, running;
	struct import_batch *merged;
	enum err merge_err;
	struct address_filter
		*filter; /* what is on the list, and more; NULL: it was not asked for yet */
	struct buf copy;
	bool begun;   /* a transaction, which holds the counter of changes */
	int64_t last; /* the number that was given last */
	uint64_t kept, noted;
};

void store_import_begin(struct store *store, const struct store_import_options *options,
	struct store_import **ret_import)
{
	struct store_import *import = calloc(1, sizeof *import);

	if (!import)
		abort();
	import->store = store;
	import->options = *options;
	import->batches[0] = import_batch_new(IMPORT_BATCH_BYTES);
	if (options->beside)
		import->batches[1] = import_batch_new(IMPORT_BATCH_BYTES);
	buf_init(&import->copy, IMPORT_COPY_BYTES + IMPORT_SPARE_BYTES);
	*ret_import = import;
}

/* ---- rows ---- */

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

static int64_t earlier(int64_t at_us, int64_t other_us)
{
	return at_us == TIMESTAMP_NONE || at_us > other_us ? other_us : at_us;
}

/* Nobody saw anything later than now. */
enum err store_import_add(
	struct store_import *import, const struct store_suppression *row, int64_t now_us)
{
	struct store_suppression added = *row;
	bool dated = row->last_seen_us != TIMESTAMP_NONE;
	enum err err;

	if (!is_row(row))
		return ERR_RANGE;
	added.last_seen_us = earlier(row->last_seen_us, now_us);
	added.first_seen_us = earlier(row->first_seen_us, added.last_seen_us);
	if (import_batch_add(import->batches[import->at], &added, dated))
		return ERR_OK;
	err = store_import_merge(import);
	if (err)
		return err;
	return import_batch_add(import->batches[import->at], &added, dated) ? ERR_OK : ERR_LIMIT;
}

/* ---- onto the list ---- */

/* A row as its table has it, the one that merges with one field more. */
static void put_row(
	struct store_import *import, const struct store_suppression *row, const bool *dated)
{
	struct buf *out = &import->copy;

	copy_row(out, dated ? 18 : 17);
	copy_text(out, row->address);
	copy_text(out, row->stream);
	copy_text(out, row->domain);
	copy_text(out, STR("active"));
	copy_text(out, reason_name(row->reason));
	copy_text(out, reason_class_name(row->class));
	copy_text(out, row->source);
	copy_time(out, row->first_seen_us);
	copy_time(out, row->last_seen_us);
	copy_time(out, row->last_seen_us);
	copy_time(out, row->expires_at_us);
	copy_i64(out, 0);
	copy_text(out, row->status);
	copy_text(out, row->diagnostic);
	copy_text(out, import->options.by);
	copy_bool(out, false);
	copy_i64(out, ++import->last);
	if (dated)
		copy_bool(out, *dated);
}

static enum err send_rows(struct store_import *import)
{
	enum err err = buf_check(&import->copy);

	if (!err)
		err = pg_copy_in_put(import->store->pg, buf_str(&import->copy));
	buf_reset(&import->copy);
	return err;
}

/* Those of the batch that are `chosen` (NULL: all): into the table of new ones or the one that merges. */
static enum err copy_rows(struct store_import *import, const struct import_batch *batch,
	enum query query, const bool *chosen)
{
	struct pg *pg = import->store->pg;
	enum err err = pg_copy_in_begin(pg, query);

	buf_reset(&import->copy);
	copy_header(&import->copy);
	for (size_t i = 0; !err && i < import_batch_rows(batch); i++) {
		bool dated;
		struct store_suppression row = import_batch_get(batch, i, &dated);

		if (chosen && chosen[i] != (query == QUERY_IMPORT_NEW))
			continue;
		put_row(import, &row, query == QUERY_IMPORT_NEW ? NULL : &dated);
		if (import->copy.n >= IMPORT_COPY_BYTES)
			err = send_rows(import);
	}
	copy_trailer(&import->copy);
	if (!err)
		err = send_rows(import);
	return err ? err : pg_copy_in_end(pg);
}

static enum err merge_rows(
	struct store_import *import, const struct import_batch *batch, const bool *new_ones)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	struct pg *pg = import->store->pg;
	enum err err = copy_rows(import, batch, QUERY_IMPORT_COPY, new_ones);

	if (!err)
		err = pg_do(pg, QUERY_IMPORT_ANALYZE, NULL);
	if (!err)
		err = pg_run(pg, QUERY_IMPORT_MERGE, NULL, 0, &rows);
	if (!err)
		err = pg_do(pg, QUERY_IMPORT_EMPTY, NULL);
	if (!err)
		import->kept += pg_rows_touched(rows);
	return err;
}

/* *ret_refused: an address of them is on the list, and none of them is now. */
static enum err put_new(struct store_import *import, const struct import_batch *batch,
	const bool *new_ones, size_t n_new, bool *ret_refused)
{
	struct pg *pg = import->store->pg;
	enum err err = pg_do(pg, QUERY_IMPORT_SAVEPOINT, NULL);

	if (!err)
		err = copy_rows(import, batch, QUERY_IMPORT_NEW, new_ones);
	*ret_refused = err == ERR_EXISTS;
	if (*ret_refused)
		return pg_do(pg, QUERY_IMPORT_SAVEPOINT_ROLLBACK, NULL);
	if (!err)
		err = pg_do(pg, QUERY_IMPORT_SAVEPOINT_RELEASE, NULL);
	if (!err)
		import->kept += n_new;
	return err;
}

static enum err merge_filtered(struct store_import *import, const struct import_batch *batch)
{
	const size_t n = import_batch_rows(batch);
	bool *new_ones = calloc(n, sizeof *new_ones), refused = false, dated;
	size_t n_new = 0;
	enum err err;

	if (!new_ones)
		abort();
	for (size_t i = 0; i < n; i++) {
		new_ones[i] = !address_filter_add(
			import->filter, import_batch_get(batch, i, &dated).address);
		n_new += new_ones[i];
	}
	err = put_new(import, batch, new_ones, n_new, &refused);
	if (!err && (refused || n_new < n))
		err = merge_rows(import, batch, refused ? NULL : new_ones);
	free(new_ones);
	return err;
}

/* Read once: what comes onto the list by others while this goes on is found when it is in the way. */
static enum err read_list(struct store_import *import)
{
	struct pg_copy_out *copy = NULL;
	const struct pg_rows *row = NULL;
	enum err err = pg_copy_out_begin(import->store->pg, QUERY_IMPORT_ADDRESSES, &copy);

	if (err)
		return err;
	import->filter = address_filter_new();
	while (!(err = pg_copy_out_next(copy, &row)) && row)
		(void)address_filter_add(import->filter, pg_get_text(row, 0, 0));
	pg_copy_out_end(copy);
	return err;
}

static enum err begin(struct store_import *import)
{
	static const enum query queries[] = { QUERY_BEGIN, QUERY_IMPORT_SETTINGS,
		QUERY_IMPORT_TABLE, QUERY_IMPORT_LOCK };
	CLEANUP(pg_rows_freep) struct pg_rows *last = NULL;
	struct pg *pg = import->store->pg;
	enum err err = store_do_all(pg, queries, ARRAY_LEN(queries));

	if (!err)
		err = PG_RUN(pg, QUERY_IMPORT_LAST, &last);
	if (err)
		return err;
	import->begun = true;
	import->last = pg_get_i64(last, 0, 0);
	return ERR_OK;
}

static enum err commit(struct store_import *import)
{
	const uint64_t n = import->kept - import->noted;
	enum err err = ERR_OK;

	if (!import->begun)
		return ERR_OK;
	import->noted = import->kept;
	if (n && import->options.note)
		err = import->options.note(import->options.context, n);
	if (!err)
		err = PG_RUN(import->store->pg, QUERY_IMPORT_COUNT, NULL, pg_i64(import->last));
	import->begun = err;
	return err ? err : pg_do(import->store->pg, QUERY_COMMIT, NULL);
}

static enum err merge_batch(struct store_import *import, struct import_batch *batch)
{
	const bool large = import_batch_rows(batch) >= IMPORT_FILTER_ROWS;
	enum err err = ERR_OK;

	if (large && !import->filter)
		err = read_list(import);
	if (!err && !import->begun)
		err = begin(import);
	if (!err)
		err = import->filter ? merge_filtered(import, batch)
				     : merge_rows(import, batch, NULL);
	import_batch_reset(batch);
	return err || import->options.one_transaction ? err : commit(import);
}

static void *merge_in_thread(void *context)
{
	struct store_import *import = context;

	import->merge_err = merge_batch(import, import->merged);
	return NULL;
}

static enum err wait_for_merge(struct store_import *import)
{
	if (!import->running)
		return ERR_OK;
	if (import->threaded && pthread_join(import->thread, NULL))
		abort();
	import->running = false;
	return import->merge_err;
}

enum err store_import_merge(struct store_import *import)
{
	struct import_batch *batch = import->batches[import->at];
	enum err err;

	import_batch_sort(batch);
	err = wait_for_merge(import);
	if (err || !import_batch_rows(batch))
		return err;
	if (!import->options.beside)
		return merge_batch(import, batch);
	import->merged = batch;
	import->at = (import->at + 1) % IMPORT_BATCHES;
	import->running = true;
	import->threaded = !pthread_create(&import->thread, NULL, merge_in_thread, import);
	if (!import->threaded)
		merge_in_thread(import);
	return ERR_OK;
}

/* Numbers that were just given are news to the planner. What stands already is not called failed for it: the server looks again by itself. */
static enum err tell_planner(struct store_import *import)
{
	struct pg *pg = import->store->pg;
	enum err err = import->kept < IMPORT_ANALYZE_ROWS
			       ? ERR_OK
			       : pg_do(pg, QUERY_SUPPRESSION_ANALYZE, NULL);

	return import->begun || pg_is_held(pg) ? err : ERR_OK;
}

enum err store_import_end(struct store_import *take_import, enum err err, uint64_t *ret_kept)
{
	struct store_import *import = take_import;
	enum err before;

	if (!import)
		return err;
	before = wait_for_merge(import);
	if (!err)
		err = before;
	if (!err)
		err = tell_planner(import);
	if (!err)
		err = commit(import);
	if (err)
		err = pg_end(import->store->pg, err);
	if (!err && ret_kept)
		*ret_kept = import->kept;
	for (size_t i = 0; i < IMPORT_BATCHES; i++)
		import_batch_free(import->batches[i]);
	address_filter_free(import->filter);
	buf_release(&import->copy);
	free(import);
	return err;
}
