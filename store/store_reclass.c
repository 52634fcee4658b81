#include "store/store_reclass.h"

#include "store/form/copy.h"
#include "store/pg/pg_copy_in.h"
#include "store/store_judge_priv.h"

#include <assert.h>

enum { RECLASS_FIELDS = 10, RECLASS_BYTES = 4 << 20 };

/* ---- reading ---- */

static struct store_reclass_event read_event(const struct pg_rows *rows, size_t i)
{
	struct store_reclass_event event = { .id = pg_get_uuid(rows, i, 0),
		.received_at_us = pg_get_time(rows, i, 1),
		.number = (uint32_t)pg_get_i64(rows, i, 2),
		.recipient = pg_get_text(rows, i, 4),
		.status = pg_get_text(rows, i, 5),
		.diagnostic = pg_get_text(rows, i, 6),
		.remote_mta = pg_get_text(rows, i, 7),
		.reason = pg_get_text(rows, i, 8),
		.class = pg_get_text(rows, i, 9),
		.raw = pg_get_text(rows, i, 10) };

	if (!outcome_from_name(pg_get_text(rows, i, 3), &event.outcome))
		event.outcome = OUTCOME_FAILED;
	return event;
}

enum err store_reclass_read(struct store *store, int64_t from_us, const struct uuid *after,
	store_reclass_fn *fn, void *context, struct uuid *ret_last, size_t *ret_n)
{
	struct uuid first = after ? uuid_next(after) : store_id_lowest(from_us);
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_RECLASS_READ, &rows, pg_time(from_us),
		pg_uuid(&first), pg_i64(RECLASS_RAW_BYTES), pg_i64(RECLASS_ROWS));

	if (err)
		return err;
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		struct store_reclass_event event = read_event(rows, i);

		fn(context, &event);
		*ret_last = event.id;
	}
	*ret_n = pg_rows_count(rows);
	return ERR_OK;
}

/* ---- moving ---- */

static void put_row(struct buf *out, const struct store_reclass *row)
{
	copy_row(out, RECLASS_FIELDS);
	copy_uuid(out, &row->id);
	copy_time(out, row->received_at_us);
	copy_text(out, reason_name(row->old_reason));
	copy_text(out, reason_name(row->reason));
	copy_text(out, reason_class_name(row->class));
	copy_text(out, row->rule.id);
	copy_text(out, layer_name(row->rule.layer));
	copy_i64(out, (int64_t)row->rule.span_from);
	copy_i64(out, (int64_t)row->rule.span_to);
	copy_f64(out, row->confidence);
}

static enum err make_tables(struct store *store)
{
	enum err err = pg_do(store->pg, QUERY_RECLASS_TABLE, NULL);

	if (!err)
		err = pg_do(store->pg, QUERY_BATCH_CHANGE_TABLE, NULL);
	return err ? err : store_judge_tables(store);
}

/* Entries are locked before their evidence, as the loader does. */
static enum err move_evidence(struct store *store, const struct store_judge *judge, int64_t now_us)
{
	static const enum query steps[] = { QUERY_RECLASS_JUDGE_KEYS, QUERY_JUDGE_LOCK,
		QUERY_RECLASS_EVIDENCE_GONE, QUERY_RECLASS_EVIDENCE };
	enum err err = store_do_all(store->pg, steps, ARRAY_LEN(steps));

	return err ? err : store_judge_keys(store, judge, now_us);
}

static enum err move(struct store *store, const struct store_judge *judge, struct str rows,
	int64_t now_us, size_t *ret_n)
{
	enum err err = pg_copy(store->pg, QUERY_RECLASS_COPY, rows);

	if (!err)
		err = pg_do(store->pg, QUERY_RECLASS_LOCK, ret_n);
	if (!err)
		err = pg_do(store->pg, QUERY_RECLASS_OLD, NULL);
	if (!err)
		err = pg_do(store->pg, QUERY_RECLASS_EVENTS, ret_n);
	if (!err)
		err = pg_do(store->pg, QUERY_RECLASS_NEW, NULL);
	if (!err)
		err = store_count_changes(store->pg);
	if (!err)
		err = pg_do(store->pg, QUERY_RECLASS_EXAMPLES, NULL);
	return err ? err : move_evidence(store, judge, now_us);
}

enum err store_reclass_apply(struct store *store, const struct store_judge *judge,
	const struct store_reclass *rows, size_t n, int64_t now_us, size_t *ret_n)
{
	struct buf out = BUF_INIT(RECLASS_BYTES);
	size_t changed = 0;
	enum err err;

	assert(n <= RECLASS_ROWS);
	copy_header(&out);
	for (size_t i = 0; i < n; i++)
		put_row(&out, &rows[i]);
	copy_trailer(&out);
	err = buf_check(&out);
	if (!err)
		err = make_tables(store);
	if (!err)
		err = pg_do(store->pg, QUERY_BEGIN, NULL);
	if (!err)
		err = pg_end(store->pg, move(store, judge, buf_str(&out), now_us, &changed));
	buf_release(&out);
	if (!err)
		*ret_n = changed;
	return err;
}
