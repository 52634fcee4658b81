#include "store/pg/pg_transaction.h"

/* Of a query outside of everything, what stands for it inside. */
static enum query inside(const struct pg *pg, enum query query)
{
	if (!pg_is_held(pg))
		return query;
	if (query == QUERY_BEGIN)
		return QUERY_SAVEPOINT;
	if (query == QUERY_COMMIT)
		return QUERY_SAVEPOINT_RELEASE;
	return query == QUERY_ROLLBACK ? QUERY_SAVEPOINT_ROLLBACK : query;
}

enum err pg_do(struct pg *pg, enum query query, size_t *ret_touched)
{
	struct pg_rows *rows = NULL;
	enum err err = pg_run(pg, inside(pg, query), NULL, 0, &rows);

	if (!err && ret_touched)
		*ret_touched = pg_rows_touched(rows);
	pg_rows_free(rows);
	return err;
}

enum err pg_end(struct pg *pg, enum err err)
{
	struct buf kept = BUF_INIT(1024);

	if (!err)
		return pg_do(pg, QUERY_COMMIT, NULL);
	buf_put(&kept, pg_error(pg));
	if (pg_connected(pg))
		ERR_IGNORE(pg_do(pg, QUERY_ROLLBACK, NULL), "the first error is the one to tell");
	pg_set_error(pg, buf_str(&kept));
	buf_release(&kept);
	return err;
}

enum err pg_hold(struct pg *pg)
{
	enum err err = pg_do(pg, QUERY_BEGIN, NULL);

	pg_set_held(pg, !err);
	return err;
}

enum err pg_release(struct pg *pg, enum err err)
{
	pg_set_held(pg, false);
	return pg_end(pg, err);
}
