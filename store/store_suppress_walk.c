#include "store/store_priv.h"
#include "store/store_suppress.h"
#include "store/suppression_row_priv.h"

static int64_t number_of(uint64_t seq)
{
	return seq < INT64_MAX ? (int64_t)seq : INT64_MAX;
}

static enum err open_walk(struct store *store, enum store_walk walk, uint64_t from_seq,
	uint64_t to_seq, const struct store_suppression_place *after)
{
	if (walk != STORE_WALK_AFFECTED)
		return PG_RUN(store->pg,
			walk == STORE_WALK_HELD ? QUERY_WALK_HELD : QUERY_WALK_ACTIVE, NULL,
			pg_text(after->address), pg_text(after->stream));
	return PG_RUN(store->pg, QUERY_WALK_AFFECTED, NULL, pg_i64(number_of(from_seq)),
		pg_i64(number_of(to_seq)), pg_text(after->address));
}

static enum err next_rows(
	struct store *store, store_suppression_fn *fn, void *context, bool *ret_more)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = pg_run(store->pg, QUERY_WALK_NEXT, NULL, 0, &rows);

	if (err)
		return err;
	*ret_more = pg_rows_count(rows) > 0;
	for (size_t i = 0; i < pg_rows_count(rows) && *ret_more; i++) {
		struct store_suppression row = suppression_row_read(rows, i);

		*ret_more = fn(context, &row);
	}
	return ERR_OK;
}

enum err store_suppression_walk(struct store *store, enum store_walk walk, uint64_t from_seq,
	uint64_t to_seq, const struct store_suppression_place *after, store_suppression_fn *fn,
	void *context)
{
	enum err err = pg_do(store->pg, QUERY_BEGIN_SNAPSHOT, NULL);
	bool more = true;

	if (err)
		return err;
	err = open_walk(store, walk, from_seq, to_seq, after);
	while (!err && more)
		err = next_rows(store, fn, context, &more);
	return pg_end(store->pg, err);
}
