#include "core/reason.h"
#include "store/form/schema.h"
#include "store/store_priv.h"

#include <string.h>
#include <time.h>

/* Any number, the same for ever: who migrates holds the first, who makes partitions the second. */
#define MIGRATION_LOCK_KEY ((int64_t)0x626f756e63656401)
#define PARTITION_LOCK_KEY ((int64_t)0x626f756e63656402)

enum { MIGRATION_POLL_MS = 100 };

/* ---- partitions ---- */

enum err store_partitions_in_transaction(struct store *store, int64_t now_us, size_t *ret_made)
{
	const int64_t week_us = 7 * TIMESTAMP_DAY_US, monday_us = 4 * TIMESTAMP_DAY_US;
	int64_t week = timestamp_floor(now_us - monday_us, week_us) + monday_us;
	CLEANUP(pg_rows_freep) struct pg_rows *lock = NULL;
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_PARTITION_LOCK, &lock, pg_i64(PARTITION_LOCK_KEY));

	if (err || !pg_get_bool(lock, 0, 0))
		return err ? err : ERR_CONFLICT;
	err = PG_RUN(store->pg, QUERY_MAKE_PARTITIONS, &rows, pg_time(week - week_us),
		pg_time(week + 4 * week_us));
	if (err)
		return err;
	*ret_made = (size_t)pg_get_i64(rows, 0, 0);
	return ERR_OK;
}

enum err store_make_partitions(struct store *store, int64_t now_us, size_t *ret_made)
{
	size_t made = 0;
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	err = pg_end(store->pg, store_partitions_in_transaction(store, now_us, &made));
	if (err)
		return err;
	*ret_made = made;
	return ERR_OK;
}

/* ---- migrations ---- */

/* A session's lock: it ends with the connection if we do not come to unlock it. Polled, since a session
 * that waits for it would hold up CREATE INDEX CONCURRENTLY. */
static enum err lock_migrations(struct store *store, unsigned wait_ms)
{
	const struct timespec pause = { .tv_nsec = MIGRATION_POLL_MS * 1000000L };

	for (unsigned waited_ms = 0;; waited_ms += MIGRATION_POLL_MS) {
		CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
		enum err err =
			PG_RUN(store->pg, QUERY_MIGRATION_LOCK, &rows, pg_i64(MIGRATION_LOCK_KEY));

		if (err || pg_get_bool(rows, 0, 0))
			return err;
		if (waited_ms >= wait_ms)
			return ERR_TIMEOUT;
		nanosleep(&pause, NULL);
	}
}

/* ERR_NOT_FOUND: not applied yet. */
static enum err check_applied(struct store *store, const struct embedded_file *file)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_MIGRATION_SAME, &rows, pg_i64(schema_version(file)),
		pg_bytes(str_from(file->bytes, file->n)));

	if (err)
		return err;
	if (!pg_rows_count(rows))
		return ERR_NOT_FOUND;
	return pg_get_bool(rows, 0, 0) ? ERR_OK : ERR_CORRUPT;
}

static enum err apply_file(struct store *store, const struct embedded_file *file)
{
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	err = pg_script(store->pg, file->bytes);
	if (!err)
		err = PG_RUN(store->pg, QUERY_MIGRATION_DONE, NULL, pg_i64(schema_version(file)),
			pg_text(str_c(file->name)), pg_bytes(str_from(file->bytes, file->n)));
	return pg_end(store->pg, err);
}

static enum err apply_files(struct store *store, struct store_migration *migration)
{
	for (const struct embedded_file *file = migrations_embedded; file->name; file++) {
		enum err err = check_applied(store, file);

		if (err == ERR_NOT_FOUND) {
			err = apply_file(store, file);
			migration->applied++;
		}
		if (err)
			return err;
		migration->version = (unsigned)schema_version(file);
	}
	return ERR_OK;
}

static enum err put_reasons(struct store *store)
{
	enum err err = ERR_OK;

	for (int reason = REASON_NONE + 1; reason < REASON_COUNT && !err; reason++)
		err = PG_RUN(store->pg, QUERY_REASON_PUT, NULL, pg_text(reason_name(reason)),
			pg_text(reason_class_name(reason_class(reason))),
			pg_text(reason_about_name(reason_about(reason))),
			pg_text(reason_meaning(reason)));
	return err;
}

static enum err fill_tables(struct store *store, int64_t now_us)
{
	size_t made;
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	err = put_reasons(store);
	if (!err)
		err = store_partitions_in_transaction(store, now_us, &made);
	return pg_end(store->pg, err);
}

static enum err migrate_locked(
	struct store *store, int64_t now_us, struct store_migration *migration)
{
	int64_t version;
	enum err err = pg_do(store->pg, QUERY_MIGRATION_TABLE, NULL);

	if (!err)
		err = store_schema_version(store, &version);
	if (err)
		return err;
	if (version > schema_newest())
		return ERR_NEWER;
	err = apply_files(store, migration);
	return err ? err : fill_tables(store, now_us);
}

enum err store_migrate(struct store *store, int64_t now_us, unsigned wait_ms,
	struct store_migration *ret_migration)
{
	struct store_migration migration = { 0 };
	enum err err = lock_migrations(store, wait_ms);

	if (err)
		return err;
	err = migrate_locked(store, now_us, &migration);
	if (pg_connected(store->pg))
		ERR_IGNORE(
			PG_RUN(store->pg, QUERY_MIGRATION_UNLOCK, NULL, pg_i64(MIGRATION_LOCK_KEY)),
			"the connection's end unlocks too");
	if (!err)
		*ret_migration = migration;
	return err;
}
