#include "store/store_amend.h"

#include "store/store_judge_priv.h"

/* ---- entries, some at a time ---- */

static enum err judge_some(struct store *store, const struct store_judge *judge, int64_t now_us,
	struct pg_rows **last, bool *ret_more)
{
	struct str address = *last ? pg_get_text(*last, 0, 0) : STR_EMPTY;
	struct str stream = *last ? pg_get_text(*last, 0, 1) : STR_EMPTY;
	struct pg_rows *rows = NULL;
	enum err err = pg_do(store->pg, QUERY_JUDGE_EMPTY, NULL);

	if (!err)
		err = PG_RUN(store->pg, QUERY_AMEND_SOME, NULL, pg_text(address), pg_text(stream));
	if (!err)
		err = pg_do(store->pg, QUERY_JUDGE_LOCK, NULL);
	if (!err)
		err = store_judge_keys(store, judge, now_us);
	if (!err)
		err = pg_run(store->pg, QUERY_AMEND_LAST, NULL, 0, &rows);
	if (err)
		return err;
	pg_rows_free(*last);
	*last = rows;
	*ret_more = pg_rows_count(rows) != 0;
	return ERR_OK;
}

static enum err judge_amended(struct store *store, const struct store_judge *judge, int64_t now_us,
	struct store_amended *amended)
{
	CLEANUP(pg_rows_freep) struct pg_rows *last = NULL, *counts = NULL;
	enum err err = pg_do(store->pg, QUERY_AMEND_WAS, NULL);
	bool more = !err;

	while (more && !err)
		err = judge_some(store, judge, now_us, &last, &more);
	if (!err)
		err = pg_run(store->pg, QUERY_AMEND_COUNT, NULL, 0, &counts);
	if (err)
		return err;
	amended->entries = (uint64_t)pg_get_i64(counts, 0, 0);
	amended->lifted = (uint64_t)pg_get_i64(counts, 0, 1);
	amended->suppressed = (uint64_t)pg_get_i64(counts, 0, 2);
	return ERR_OK;
}

static enum err begin(struct store *store)
{
	enum err err = store_judge_tables(store);

	if (!err)
		err = pg_do(store->pg, QUERY_AMEND_TABLE, NULL);
	return err ? err : pg_do(store->pg, QUERY_BEGIN, NULL);
}

/* ---- a window taken back ---- */

static enum err undo_in_transaction(struct store *store, const struct store_judge *judge,
	const struct store_undo *undo, int64_t now_us, struct store_amended *amended)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, undo->rule.n ? QUERY_UNDO_RULE : QUERY_UNDO, &rows,
		pg_time(undo->from_us), pg_time(undo->to_us), pg_text(undo->provider),
		pg_text(undo->rule), pg_text(undo->reason), pg_text(undo->stream), pg_time(now_us));

	if (err)
		return err;
	amended->events = (uint64_t)pg_get_i64(rows, 0, 0);
	return judge_amended(store, judge, now_us, amended);
}

enum err store_undo(struct store *store, const struct store_judge *judge,
	const struct store_undo *undo, int64_t now_us, struct store_amended *ret_amended)
{
	struct store_amended amended = { 0 };
	enum err err = begin(store);

	if (err)
		return err;
	err = undo_in_transaction(store, judge, undo, now_us, &amended);
	if (!err && undo->dry_run)
		err = pg_do(store->pg, QUERY_ROLLBACK, NULL);
	else
		err = pg_end(store->pg, err);
	if (!err)
		*ret_amended = amended;
	return err;
}

/* ---- holds ---- */

static struct store_hold read_hold(const struct pg_rows *rows, size_t i)
{
	return (struct store_hold){ .id = pg_get_i64(rows, i, 0),
		.provider = pg_get_text(rows, i, 1),
		.since_us = pg_get_time(rows, i, 2),
		.last_us = pg_get_time(rows, i, 3),
		.state = pg_get_text(rows, i, 4),
		.n = (uint64_t)pg_get_i64(rows, i, 5),
		.limit = (uint64_t)pg_get_i64(rows, i, 6),
		.decided_us = pg_get_time(rows, i, 7),
		.decided_by = pg_get_text(rows, i, 8),
		.entries = (uint64_t)pg_get_i64(rows, i, 9) };
}

enum err store_holds(struct store *store, enum store_holds which, int64_t before_us,
	store_hold_fn *fn, void *context)
{
	static const enum query queries[] = { [STORE_HOLDS_ALL] = QUERY_HOLDS,
		[STORE_HOLDS_UNTOLD] = QUERY_HOLDS_UNTOLD,
		[STORE_HOLDS_OVER] = QUERY_HOLDS_OVER };
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	const struct pg_value before = pg_time(before_us);
	enum err err = pg_run(
		store->pg, queries[which], &before, which == STORE_HOLDS_OVER ? 1 : 0, &rows);

	for (size_t i = 0; !err && i < pg_rows_count(rows); i++) {
		struct store_hold hold = read_hold(rows, i);

		fn(context, &hold);
	}
	return err;
}

enum err store_holds_sum(struct store *store, uint64_t *ret_open, uint64_t *ret_events)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = pg_run(store->pg, QUERY_HOLDS_SUM, NULL, 0, &rows);

	if (err)
		return err;
	*ret_open = (uint64_t)pg_get_i64(rows, 0, 0);
	*ret_events = (uint64_t)pg_get_i64(rows, 0, 1);
	return ERR_OK;
}

enum err store_hold_told(struct store *store, int64_t id)
{
	return PG_RUN(store->pg, QUERY_HOLD_TOLD, NULL, pg_i64(id));
}

static enum err decide_in_transaction(struct store *store, const struct store_judge *judge,
	int64_t id, enum store_hold_end end, struct str by, int64_t now_us,
	struct store_amended *amended)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	struct str state = end == STORE_HOLD_RELEASE ? STR("released") : STR("discarded");
	enum err err = PG_RUN(store->pg, QUERY_HOLD_DECIDE, &rows, pg_i64(id), pg_text(state),
		pg_time(now_us), pg_text(by));

	if (!err && !pg_rows_touched(rows))
		err = ERR_NOT_FOUND;
	if (!err && end == STORE_HOLD_RELEASE)
		err = PG_RUN(store->pg, QUERY_HOLD_RELEASE, NULL, pg_i64(id));
	else if (!err)
		err = PG_RUN(store->pg, QUERY_HOLD_DISCARD, NULL, pg_i64(id), pg_time(now_us));
	return err ? err : judge_amended(store, judge, now_us, amended);
}

enum err store_hold_decide(struct store *store, const struct store_judge *judge, int64_t id,
	enum store_hold_end end, struct str by, int64_t now_us, struct store_amended *ret_amended)
{
	struct store_amended amended = { 0 };
	enum err err = begin(store);

	if (err)
		return err;
	err = pg_end(store->pg, decide_in_transaction(store, judge, id, end, by, now_us, &amended));
	if (!err)
		*ret_amended = amended;
	return err;
}

/* ---- the weeks before ---- */

static enum err refresh_in_transaction(struct store *store, int64_t now_us)
{
	enum err err = pg_do(store->pg, QUERY_GUARD_PAST_EMPTY, NULL);

	if (!err)
		err = PG_RUN(store->pg, QUERY_GUARD_PAST_MAKE, NULL, pg_time(now_us));
	return err ? err : PG_RUN(store->pg, QUERY_GUARD_PURGE, NULL, pg_time(now_us));
}

enum err store_guard_refresh(struct store *store, int64_t now_us)
{
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	return err ? err : pg_end(store->pg, refresh_in_transaction(store, now_us));
}
