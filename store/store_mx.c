#include "store/store_mx.h"

#include "store/form/copy.h"
#include "store/pg/pg_copy_in.h"
#include "store/store_priv.h"

#include <assert.h>

enum { MX_FIELDS = 5, MX_BYTES = 1 << 20 };

/* ---- by those who store ---- */

enum err store_mx_stores(struct store *store)
{
	if (!store->mx_lookups)
		return ERR_OK;
	return PG_RUN(store->pg, QUERY_MX_STORES, NULL, pg_i64(MX_LOCK_KEY));
}

static enum err ask_and_know(struct store *store, enum query want, enum query known)
{
	enum err err;

	if (!store->mx_lookups)
		return ERR_OK;
	err = pg_do(store->pg, want, NULL);
	return err ? err : pg_do(store->pg, known, NULL);
}

enum err store_mx_events(struct store *store)
{
	return ask_and_know(store, QUERY_MX_WANT_EVENTS, QUERY_MX_KNOWN_EVENTS);
}

enum err store_mx_volumes(struct store *store)
{
	return ask_and_know(store, QUERY_MX_WANT_VOLUMES, QUERY_MX_KNOWN_VOLUMES);
}

/* ---- by the one who asks ---- */

enum err store_mx_due(
	struct store *store, int64_t now_us, store_mx_fn *fn, void *context, size_t *ret_n)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(
		store->pg, QUERY_MX_DUE, &rows, pg_time(now_us), pg_i64((int64_t)STORE_MX_ROWS));

	if (err)
		return err;
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		fn(context, pg_get_text(rows, i, 0), (uint64_t)pg_get_i64(rows, i, 1));
	*ret_n = pg_rows_count(rows);
	return ERR_OK;
}

static void put_row(struct buf *out, const struct store_mx *row)
{
	copy_row(out, MX_FIELDS);
	copy_text(out, row->domain);
	copy_bool(out, row->answered);
	copy_time(out, row->due_us);
	copy_text(out, row->host);
	copy_text(out, row->provider);
}

/* The same events under two providers: each count goes down here and up there. */
static enum err move_events(struct pg *pg, size_t *ret_moved)
{
	static const enum query steps[] = { QUERY_MX_LOCK, QUERY_MX_OLD, QUERY_MX_NEW };
	enum err err = store_do_all(pg, steps, ARRAY_LEN(steps));

	if (!err)
		err = pg_do(pg, QUERY_MX_MOVE_EVENTS, ret_moved);
	return err || !*ret_moved ? err : store_count_changes(pg);
}

/* As if they were told again. */
static enum err move_volumes(struct pg *pg)
{
	static const enum query steps[] = { QUERY_VOLUME_WORDS, QUERY_VOLUME_PUT,
		QUERY_VOLUME_STALE };
	size_t n = 0;
	enum err err = PG_RUN(pg, QUERY_VOLUME_LOCK, NULL, pg_i64(VOLUME_LOCK_KEY));

	if (!err)
		err = pg_do(pg, QUERY_MX_MOVE_VOLUMES, &n);
	return err || !n ? err : store_do_all(pg, steps, ARRAY_LEN(steps));
}

static enum err learn(struct pg *pg, struct str rows, int64_t now_us, size_t *ret_moved)
{
	size_t n_first = 0;
	enum err err = PG_RUN(pg, QUERY_MX_LEARNS, NULL, pg_i64(MX_LOCK_KEY));

	if (!err)
		err = pg_copy(pg, QUERY_MX_COPY, rows);
	if (!err)
		err = pg_do(pg, QUERY_MX_FIRST, &n_first);
	if (!err)
		err = PG_RUN(pg, QUERY_MX_PUT, NULL, pg_time(now_us));
	if (!err && n_first)
		err = move_events(pg, ret_moved);
	return err || !n_first ? err : move_volumes(pg);
}

enum err store_mx_learn(struct store *store, const struct store_mx *rows, size_t n, int64_t now_us,
	size_t *ret_moved)
{
	static const enum query tables[] = { QUERY_MX_TABLE, QUERY_BATCH_CHANGE_TABLE,
		QUERY_VOLUME_TABLE };
	struct buf out = BUF_INIT(MX_BYTES);
	size_t moved = 0;
	enum err err;

	assert(n <= STORE_MX_ROWS);
	copy_header(&out);
	for (size_t i = 0; i < n; i++)
		put_row(&out, &rows[i]);
	copy_trailer(&out);
	err = buf_check(&out);
	if (!err)
		err = store_do_all(store->pg, tables, ARRAY_LEN(tables));
	if (!err)
		err = pg_do(store->pg, QUERY_BEGIN, NULL);
	if (!err)
		err = pg_end(store->pg, learn(store->pg, buf_str(&out), now_us, &moved));
	buf_release(&out);
	if (!err)
		*ret_moved = moved;
	return err;
}
