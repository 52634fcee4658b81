#include "store/store_export.h"

#include "store/store_priv.h"

enum { EXPORT_NAMES_BYTES = 64 << 10 };

enum err store_export_plan(struct store *store, const struct store_export *job)
{
	return PG_RUN(store->pg, QUERY_EXPORT_PLAN, NULL, pg_text(job->name),
		pg_text(job->definition), pg_text(job->path), pg_time(job->next_us));
}

enum err store_export_ran(struct store *store, const struct store_export *job, int64_t now_us)
{
	if (job->error.n)
		return PG_RUN(store->pg, QUERY_EXPORT_FAILED, NULL, pg_text(job->name),
			pg_text(job->error), pg_time(now_us), pg_time(job->next_us));
	return PG_RUN(store->pg, QUERY_EXPORT_DONE, NULL, pg_text(job->name),
		pg_time(job->started_us), pg_time(now_us), pg_time(job->next_us),
		pg_i64((int64_t)job->from_seq), pg_i64((int64_t)job->to_seq),
		pg_i64((int64_t)job->rows), pg_i64((int64_t)job->left_out),
		pg_i64((int64_t)job->files));
}

static enum err forget(struct store *store, enum query query, const struct str *names, size_t n)
{
	struct buf lines = BUF_INIT(EXPORT_NAMES_BYTES);
	enum err err;

	for (size_t i = 0; i < n; i++) {
		buf_put(&lines, names[i]);
		buf_putc(&lines, '\n');
	}
	err = buf_check(&lines);
	if (!err)
		err = PG_RUN(store->pg, query, NULL, pg_text(buf_str(&lines)));
	buf_release(&lines);
	return err;
}

enum err store_export_forget(struct store *store, const struct str *names, size_t n)
{
	return forget(store, QUERY_EXPORT_FORGET, names, n);
}

enum err store_delivery_forget(struct store *store, const struct str *names, size_t n)
{
	return forget(store, QUERY_DELIVERY_FORGET, names, n);
}

enum err store_exports(struct store *store, store_export_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = pg_run(store->pg, QUERY_EXPORTS, NULL, 0, &rows);

	for (size_t i = 0; !err && i < pg_rows_count(rows); i++) {
		const struct store_export job = { .name = pg_get_text(rows, i, 0),
			.definition = pg_get_text(rows, i, 1),
			.path = pg_get_text(rows, i, 2),
			.error = pg_get_text(rows, i, 3),
			.next_us = pg_get_time(rows, i, 4),
			.started_us = pg_get_time(rows, i, 5),
			.completed_us = pg_get_time(rows, i, 6),
			.failed_us = pg_get_time(rows, i, 7),
			.failures = (uint64_t)pg_get_i64(rows, i, 8),
			.from_seq = (uint64_t)pg_get_i64(rows, i, 9),
			.to_seq = (uint64_t)pg_get_i64(rows, i, 10),
			.rows = (uint64_t)pg_get_i64(rows, i, 11),
			.left_out = (uint64_t)pg_get_i64(rows, i, 12),
			.files = (uint64_t)pg_get_i64(rows, i, 13),
			.to_deliver = (uint64_t)pg_get_i64(rows, i, 14),
			.delivery_failures = (uint64_t)pg_get_i64(rows, i, 15),
			.delivery_status = pg_get_text(rows, i, 16),
			.delivery_next_us = pg_get_time(rows, i, 17),
			.delivered_seq = (uint64_t)pg_get_i64(rows, i, 18),
			.delivered_us = pg_get_time(rows, i, 19) };

		if (!fn(context, &job))
			break;
	}
	return err;
}

/* ---- deliveries ---- */

enum err store_delivery_add(
	struct store *store, const struct store_delivery *delivery, int64_t now_us)
{
	enum err err = PG_RUN(store->pg, QUERY_DELIVERY_ADD, NULL, pg_text(delivery->job),
		pg_time(delivery->made_us), pg_i64((int64_t)delivery->from_seq),
		pg_i64((int64_t)delivery->to_seq), pg_i64(delivery->whole),
		pg_text(delivery->files), pg_i64((int64_t)delivery->n_files), pg_time(now_us));

	return err ? err
		   : PG_RUN(store->pg, QUERY_DELIVERY_OVERTAKEN, NULL, pg_text(delivery->job));
}

enum err store_delivery_next(
	struct store *store, struct str job, struct arena *arena, struct store_delivery *ret)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_DELIVERY_NEXT, &rows, pg_text(job));

	if (!err && !pg_rows_count(rows))
		err = ERR_NOT_FOUND;
	if (!err)
		*ret = (struct store_delivery){ .id = pg_get_i64(rows, 0, 0),
			.job = arena_dup(arena, job),
			.files = arena_dup(arena, pg_get_text(rows, 0, 1)),
			.whole = pg_get_i64(rows, 0, 2),
			.made_us = pg_get_time(rows, 0, 3),
			.next_us = pg_get_time(rows, 0, 4),
			.from_seq = (uint64_t)pg_get_i64(rows, 0, 5),
			.to_seq = (uint64_t)pg_get_i64(rows, 0, 6),
			.n_files = (uint64_t)pg_get_i64(rows, 0, 7),
			.done_files = (uint64_t)pg_get_i64(rows, 0, 8),
			.failures = (uint64_t)pg_get_i64(rows, 0, 9) };
	return err;
}

enum err store_delivery_tried(struct store *store, const struct store_delivery *delivery,
	struct str status, int64_t now_us)
{
	enum err err = PG_RUN(store->pg, QUERY_DELIVERY_TRIED, NULL, pg_i64(delivery->id),
		pg_i64((int64_t)delivery->done_files), pg_i64((int64_t)delivery->failures),
		pg_text(status), pg_time(now_us), pg_time(delivery->next_us));

	if (!err && delivery->next_us == TIMESTAMP_NONE)
		err = PG_RUN(store->pg, QUERY_DELIVERY_CLEAN, NULL, pg_text(delivery->job));
	return err;
}
