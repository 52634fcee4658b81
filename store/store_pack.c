#include "store/form/pack.h"
#include "store/ranking.h"
#include "store/store_priv.h"

#define PACK_LOCK_KEY ((int64_t)0x626f756e63656405)
/* A domain, its distance and eleven numbers are below a hundred octets. */
#define PACK_DAY_BYTES ((size_t)512 << 20)

struct day {
	struct str basis;
	int64_t at_us;
};

static bool is_volume(const struct day *day)
{
	return str_eq(day->basis, STR("volume"));
}

static struct pack_entry entry_of(const struct pg_rows *rows, size_t row, bool volume)
{
	unsigned first = volume ? PACK_ATTEMPTED : PACK_FAILED;
	unsigned n = volume ? 2 : PACK_ATTEMPTED;
	struct pack_entry entry = { .number = (uint64_t)pg_get_i64(rows, row, 3) };

	for (unsigned i = 0; i < n; i++) {
		entry.column[first + i] = (uint64_t)pg_get_i64(rows, row, 4 + i);
		if (entry.column[first + i] || (volume && !i))
			entry.set |= 1u << (first + i);
	}
	return entry;
}

static bool same_part(const struct pg_rows *rows, size_t a, size_t b)
{
	return str_eq(pg_get_text(rows, a, 0), pg_get_text(rows, b, 0)) &&
	       str_eq(pg_get_text(rows, a, 1), pg_get_text(rows, b, 1)) &&
	       pg_get_bool(rows, a, 2) == pg_get_bool(rows, b, 2);
}

/* One row of packed_day for each stream, proof and rated. */
static enum err put_parts(struct pg *pg, const struct day *day, const struct pg_rows *rows)
{
	struct buf out = BUF_INIT(PACK_DAY_BYTES);
	size_t n = pg_rows_count(rows);
	uint64_t last = 0;
	enum err err = ERR_OK;

	for (size_t i = 0; i < n && !err; i++) {
		struct pack_entry entry = entry_of(rows, i, is_volume(day));

		if (!i || !same_part(rows, i - 1, i))
			pack_start(&out, &last);
		if (entry.set)
			pack_put(&out, &last, &entry);
		if (i + 1 < n && same_part(rows, i, i + 1))
			continue;
		err = buf_check(&out);
		if (!err)
			err = PG_RUN(pg, QUERY_PACK_PUT, NULL, pg_text(day->basis),
				pg_time(day->at_us), pg_text(pg_get_text(rows, i, 0)),
				pg_text(pg_get_text(rows, i, 1)), pg_i64(pg_get_bool(rows, i, 2)),
				pg_bytes(buf_str(&out)));
	}
	buf_release(&out);
	return err;
}

static enum err read_day(struct pg *pg, const struct day *day, struct pg_rows **ret_rows)
{
	enum err err;

	if (is_volume(day)) {
		err = PG_RUN(pg, QUERY_PACK_VOLUME_NUMBERS, NULL, pg_time(day->at_us));
		return err ? err : PG_RUN(pg, QUERY_PACK_VOLUMES, ret_rows, pg_time(day->at_us));
	}
	err = PG_RUN(pg, QUERY_PACK_NUMBERS, NULL, pg_time(day->at_us), pg_text(day->basis));
	return err ? err
		   : PG_RUN(pg, QUERY_PACK_ROWS, ret_rows, pg_time(day->at_us),
			     pg_text(day->basis));
}

static enum err pack_in_transaction(struct pg *pg, const struct day *day)
{
	CLEANUP(pg_rows_freep) struct pg_rows *lock = NULL;
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(pg, QUERY_PACK_LOCK, &lock, pg_i64(PACK_LOCK_KEY));

	if (err || !pg_get_bool(lock, 0, 0))
		return err ? err : ERR_CONFLICT;
	err = PG_RUN(pg, QUERY_PACK_TAKE, NULL, pg_text(day->basis), pg_time(day->at_us));
	if (!err)
		err = read_day(pg, day, &rows);
	if (!err)
		err = PG_RUN(pg, QUERY_PACK_CLEAR, NULL, pg_text(day->basis), pg_time(day->at_us));
	return err ? err : put_parts(pg, day, rows);
}

enum err store_pack(struct store *store, size_t max, size_t *ret_days)
{
	CLEANUP(pg_rows_freep) struct pg_rows *stale = NULL;
	enum err err = PG_RUN(store->pg, QUERY_PACK_STALE, &stale, pg_i64((int64_t)max));
	size_t n = 0;

	for (; !err && n < pg_rows_count(stale); n++) {
		struct day day = { pg_get_text(stale, n, 0), pg_get_time(stale, n, 1) };

		err = pg_do(store->pg, QUERY_BEGIN, NULL);
		if (!err)
			err = pg_end(store->pg, pack_in_transaction(store->pg, &day));
	}
	if (!err)
		*ret_days = n;
	return err;
}

enum err store_join_totals(struct store *store)
{
	static const enum query steps[] = { QUERY_JOIN_TOTAL_15M, QUERY_JOIN_TOTAL_DAY,
		QUERY_JOIN_TOTAL_VOLUME };
	enum err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(steps) && !err; i++)
		err = pg_do(store->pg, steps[i], NULL);
	return err;
}
