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

enum err store_export_forget(struct store *store, const struct str *names, size_t n)
{
	struct buf lines = BUF_INIT(EXPORT_NAMES_BYTES);
	enum err err;

	for (size_t i = 0; i < n; i++) {
		buf_put(&lines, names[i]);
		buf_putc(&lines, '\n');
	}
	err = buf_check(&lines);
	if (!err)
		err = PG_RUN(store->pg, QUERY_EXPORT_FORGET, NULL, pg_text(buf_str(&lines)));
	buf_release(&lines);
	return err;
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
			.files = (uint64_t)pg_get_i64(rows, i, 13) };

		if (!fn(context, &job))
			break;
	}
	return err;
}
