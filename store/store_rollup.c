#include "store/store_priv.h"

enum err store_count_changes(struct pg *pg)
{
	static const enum query counts[] = { QUERY_BATCH_QUARTERS, QUERY_BATCH_DAYS,
		QUERY_BATCH_DIMENSIONS, QUERY_BATCH_TEXTS, QUERY_BATCH_TOTALS };

	return store_do_all(pg, counts, ARRAY_LEN(counts));
}

static int64_t day_of(int64_t at_us)
{
	return timestamp_floor(at_us, TIMESTAMP_DAY_US);
}

static int64_t day_after(int64_t at_us)
{
	return timestamp_floor(at_us + TIMESTAMP_DAY_US - 1, TIMESTAMP_DAY_US);
}

/* Events that were dropped count on in the rollups, and only there. */
static enum err check_events_are_left(struct store *store, int64_t from_us)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_DROPPED_BEFORE, &rows,
		pg_text(store_kept_name(STORE_KEPT_EVENTS)));

	if (err)
		return err;
	return pg_rows_count(rows) && pg_get_time(rows, 0, 0) > day_of(from_us) ? ERR_RANGE
										: ERR_OK;
}

enum err store_rollup_rebuild(struct store *store, int64_t from_us, int64_t to_us)
{
	static const enum query steps[] = { QUERY_ROLLUP_CLEAR, QUERY_ROLLUP_15M_MAKE,
		QUERY_ROLLUP_DAY_MAKE, QUERY_ROLLUP_DIMENSION_MAKE, QUERY_SENT_DIMENSION_MAKE,
		QUERY_ROLLUP_DIAGNOSTIC_MAKE, QUERY_TOTAL_15M_MAKE, QUERY_TOTAL_DAY_MAKE,
		QUERY_TOTAL_VOLUME_MAKE, QUERY_STALE_MAKE };
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	err = PG_RUN(store->pg, QUERY_VOLUME_LOCK, NULL, pg_i64(VOLUME_LOCK_KEY));
	if (!err)
		err = pg_do(store->pg, QUERY_ROLLUP_LOCK, NULL);
	if (!err)
		err = check_events_are_left(store, from_us);
	for (size_t i = 0; i < ARRAY_LEN(steps) && !err; i++)
		err = PG_RUN(store->pg, steps[i], NULL, pg_time(day_of(from_us)),
			pg_time(day_after(to_us)));
	return pg_end(store->pg, err);
}

enum err store_rollup_check(
	struct store *store, int64_t from_us, int64_t to_us, uint64_t *ret_differences)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = check_events_are_left(store, from_us);

	if (!err)
		err = PG_RUN(store->pg, QUERY_ROLLUP_CHECK, &rows, pg_time(day_of(from_us)),
			pg_time(day_after(to_us)));
	if (err)
		return err;
	*ret_differences = (uint64_t)pg_get_i64(rows, 0, 0);
	return ERR_OK;
}

/* ---- are packed days good enough? ---- */

enum { EXACT_BYTES = 1 << 20 }; /* so much is counted afresh in a moment */
#define LATE_US (60 * TIMESTAMP_SECOND_US)

/* Packed days answer where they are of now; where the days are large also a little later. */
static bool is_good(const struct pack_state *state, uint64_t bytes)
{
	if (state->stale_us == TIMESTAMP_NONE)
		return true;
	if (bytes < EXACT_BYTES)
		return false;
	return state->unpacked_us == TIMESTAMP_NONE || state->now_us - state->unpacked_us < LATE_US;
}

enum err store_pack_state(struct store *store, const struct store_window *window,
	struct pack_state *ret_state, bool *ret_good)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_PACK_STATE, &rows, pg_time(window->from_us),
		pg_time(window->to_us), pg_text(window->stream),
		pg_text(store_basis_name(window->basis)));

	if (err)
		return err;
	*ret_state = (struct pack_state){ pg_get_time(rows, 0, 0), pg_get_time(rows, 0, 1),
		pg_get_time(rows, 0, 2), (uint64_t)pg_get_i64(rows, 0, 4) };
	*ret_good = is_good(ret_state, (uint64_t)pg_get_i64(rows, 0, 3));
	return ERR_OK;
}
