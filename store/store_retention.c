#include "store/form/clock_guard.h"
#include "store/store_priv.h"

static const struct {
	struct str name;
	/* Partitioned by week; empty: none. In the order in which a batch comes to them, so that neither
	 * waits for the other in a ring. */
	struct str tables[2];
} kept_tables[STORE_KEPT_COUNT] = {
	[STORE_KEPT_RAW] = { STR_INIT("raw"), { STR_INIT("message_raw"), STR_INIT("") } },
	[STORE_KEPT_RAW_UNCLASSIFIED] = { STR_INIT("raw_unclassified"),
		{ STR_INIT(""), STR_INIT("") } },
	[STORE_KEPT_EVENTS] = { STR_INIT("events"), { STR_INIT("message"), STR_INIT("event") } },
	[STORE_KEPT_ROLLUPS] = { STR_INIT("rollups"), { STR_INIT(""), STR_INIT("") } },
};

struct str store_kept_name(enum store_kept kept)
{
	return kept_tables[kept].name;
}

/* Adds the rows that went. */
static enum err drop_of(
	struct store *store, enum query sql, struct str table, int64_t before_us, int64_t *gone)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = table.n ? PG_RUN(store->pg, sql, &rows, pg_text(table), pg_time(before_us))
			       : PG_RUN(store->pg, sql, &rows, pg_time(before_us));

	if (!err)
		*gone += pg_get_i64(rows, 0, 0);
	return err;
}

static enum err drop_in_transaction(struct store *store, enum store_kept kept, int64_t before_us)
{
	int64_t gone = 0;
	enum err err = pg_do(store->pg, QUERY_PARTITION_BRIEFLY, NULL);

	if (!err && kept == STORE_KEPT_RAW)
		err = PG_RUN(store->pg, QUERY_KEEP_UNCLASSIFIED, NULL, pg_time(before_us));
	if (!err && kept == STORE_KEPT_RAW_UNCLASSIFIED)
		err = drop_of(store, QUERY_DROP_UNCLASSIFIED, STR_EMPTY, before_us, &gone);
	for (size_t i = 0; i < ARRAY_LEN(kept_tables[kept].tables) && !err; i++)
		if (kept_tables[kept].tables[i].n)
			err = drop_of(store, QUERY_DROP_PARTITIONS, kept_tables[kept].tables[i],
				before_us, &gone);
	if (!err && kept == STORE_KEPT_ROLLUPS)
		err = drop_of(store, QUERY_DROP_ROLLUPS, STR_EMPTY, before_us, &gone);
	if (err)
		return err;
	return PG_RUN(store->pg, QUERY_DROPPED, NULL, pg_text(store_kept_name(kept)),
		pg_time(before_us), pg_i64(gone));
}

enum err store_drop(struct store *store, enum store_kept kept, int64_t before_us)
{
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	return pg_end(store->pg,
		drop_in_transaction(store, kept, timestamp_floor(before_us, TIMESTAMP_DAY_US)));
}

/* ---- the clock that it goes by ---- */

static enum err see(
	struct store *store, int64_t now_us, struct clock_seen *ret_seen, int64_t *ret_database_us)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = pg_run(store->pg, QUERY_CLOCK_SEEN, NULL, 0, &rows);

	if (err)
		return err;
	*ret_seen = (struct clock_seen){ .now_us = now_us,
		.last_us = pg_get_time(rows, 0, 0),
		.newest_us = pg_get_time(rows, 0, 1) };
	*ret_database_us = pg_get_time(rows, 0, 2);
	return ERR_OK;
}

enum err store_clock_believe(struct store *store, int64_t now_us)
{
	return PG_RUN(store->pg, QUERY_CLOCK_BELIEVE, NULL, pg_time(now_us));
}

enum err store_clock_look(struct store *store, int64_t now_us, struct store_clock *ret_clock)
{
	struct clock_seen seen;
	int64_t moment_us = TIMESTAMP_NONE, database_us;
	enum err err = see(store, now_us, &seen, &database_us);
	bool believed;

	if (err)
		return err;
	believed = clock_guard(&seen, &moment_us);
	*ret_clock = (struct store_clock){ believed, moment_us, seen.last_us, seen.newest_us,
		database_us };
	return ERR_OK;
}

enum err store_clock(struct store *store, int64_t now_us, struct store_clock *ret_clock)
{
	struct store_clock clock;
	enum err err = store_clock_look(store, now_us, &clock);

	if (!err && clock.believed)
		err = store_clock_believe(store, now_us);
	if (!err)
		*ret_clock = clock;
	return err;
}

enum err store_retention(struct store *store, struct store_retention *ret_retention)
{
	struct store_retention all = { .run_us = TIMESTAMP_NONE };
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = pg_run(store->pg, QUERY_RETENTION, NULL, 0, &rows);

	if (err)
		return err;
	for (size_t kept = 0; kept < STORE_KEPT_COUNT; kept++)
		all.before_us[kept] = TIMESTAMP_NONE;
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		struct str name = pg_get_text(rows, i, 0);

		if (str_eq(name, STR("clock")))
			all.run_us = pg_get_time(rows, i, 1);
		for (size_t kept = 0; kept < STORE_KEPT_COUNT; kept++)
			if (str_eq(name, kept_tables[kept].name)) {
				all.before_us[kept] = pg_get_time(rows, i, 1);
				all.rows[kept] = (uint64_t)pg_get_i64(rows, i, 2);
			}
	}
	*ret_retention = all;
	return ERR_OK;
}
