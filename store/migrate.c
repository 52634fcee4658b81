#include "core/reason.h"
#include "store/form/schema.h"
#include "store/store_priv.h"

#include <assert.h>
#include <string.h>
#include <time.h>

/* Any number, the same for ever: who migrates holds the first, who makes partitions the second. */
#define MIGRATION_LOCK_KEY ((int64_t)0x626f756e63656401)
#define PARTITION_LOCK_KEY ((int64_t)0x626f756e63656402)

enum { MIGRATION_POLL_MS = 100 };
/* Of a reader that is in the way for longer whoever asked for the migration is told. */
enum { KEY_TRIES = 60, KEY_PAUSE_S = 1 };

/* What a database of version 6 gets behind all else, so that it answers while that is made. */
enum { LATE_FROM_VERSION = 6 };

#define LATE_CUT(version, text) { version, text },
#define LATE_KEY(id)
static const struct {
	int64_t version;
	const char *text;
} late_cuts[] = {
#include "store/sql/late_keys.def"
};

#define LATE_CUT(version, text)
#define LATE_KEY(id) { QUERY_LATE_##id##_WAITS, QUERY_LATE_##id##_BUILD, QUERY_LATE_##id##_PUT },
static const struct {
	enum query waits, build, put;
} late_keys[] = {
#include "store/sql/late_keys.def"
};

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
	err = pg_do(store->pg, QUERY_PARTITION_BRIEFLY, NULL);
	if (!err)
		err = store_partitions_in_transaction(store, now_us, &made);
	err = pg_end(store->pg, err);
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

/* Of the file without what comes late. */
static void cut_keys(const struct embedded_file *file, struct buf *out)
{
	struct str text = str_from(file->bytes, file->n);

	for (size_t i = 0; i < ARRAY_LEN(late_cuts); i++) {
		const char *at;

		if (late_cuts[i].version != schema_version(file))
			continue;
		at = strstr(text.p, late_cuts[i].text);
		assert(at); /* the files never change */
		buf_put(out, str_from(text.p, (size_t)(at - text.p)));
		text = str_skip(text, (size_t)(at - text.p) + strlen(late_cuts[i].text));
	}
	buf_put(out, text);
	buf_putc(out, '\0');
}

static enum err run_file(struct store *store, const struct embedded_file *file, bool keys_late)
{
	struct buf text = BUF_INIT(file->n + 1);
	enum err err = pg_do(store->pg, QUERY_MIGRATION_MEMORY, NULL);

	if (!err && !keys_late)
		err = pg_script(store->pg, file->bytes);
	else if (!err) {
		cut_keys(file, &text);
		err = pg_script(store->pg, text.p);
	}
	buf_release(&text);
	return err;
}

static enum err apply_file(struct store *store, const struct embedded_file *file, bool keys_late)
{
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	err = run_file(store, file, keys_late);
	if (!err)
		err = PG_RUN(store->pg, QUERY_MIGRATION_DONE, NULL, pg_i64(schema_version(file)),
			pg_text(str_c(file->name)), pg_bytes(str_from(file->bytes, file->n)));
	return pg_end(store->pg, err);
}

static enum err apply_files(struct store *store, bool keys_late, struct store_migration *migration)
{
	for (const struct embedded_file *file = migrations_embedded; file->name; file++) {
		enum err err = check_applied(store, file);

		if (err == ERR_NOT_FOUND) {
			err = apply_file(store, file, keys_late);
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

/* ---- keys that come late ---- */

static enum err build_key(struct pg *pg, enum query build)
{
	enum err err = pg_do(pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	err = pg_do(pg, QUERY_MIGRATION_MEMORY, NULL);
	if (!err)
		err = pg_do(pg, build, NULL);
	return pg_end(pg, err);
}

static enum err put_key_now(struct pg *pg, enum query put)
{
	enum err err = pg_do(pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	err = pg_do(pg, QUERY_LATE_BRIEFLY, NULL);
	if (!err)
		err = pg_do(pg, put, NULL);
	return pg_end(pg, err);
}

static enum err put_key(struct pg *pg, enum query put)
{
	const struct timespec pause = { .tv_sec = KEY_PAUSE_S };
	enum err err = put_key_now(pg, put);

	for (int tries = 1; err == ERR_CONFLICT && tries < KEY_TRIES; tries++) {
		nanosleep(&pause, NULL);
		err = put_key_now(pg, put);
	}
	return err;
}

/* An index is built while others read, and takes the key's place in a moment. Whatever stops this goes on with the next
 * call. */
static enum err make_late_keys(struct store *store)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(late_keys) && !err; i++) {
		CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;

		err = pg_run(store->pg, late_keys[i].waits, NULL, 0, &rows);
		if (err || !pg_get_bool(rows, 0, 0))
			continue;
		err = build_key(store->pg, late_keys[i].build);
		if (!err)
			err = put_key(store->pg, late_keys[i].put);
	}
	return err;
}

static enum err migrate_locked(
	struct store *store, int64_t now_us, struct store_migration *migration)
{
	int64_t version;
	bool is_citus;
	enum err err = pg_do(store->pg, QUERY_MIGRATION_TABLE, NULL);

	if (!err)
		err = store_schema_version(store, &version);
	if (!err)
		err = store_is_citus(store, &is_citus);
	if (err)
		return err;
	if (version > schema_newest())
		return ERR_NEWER;
	/* A distributed table takes no index for a key that it has already. */
	err = apply_files(store, version == LATE_FROM_VERSION && !is_citus, migration);
	if (!err)
		err = fill_tables(store, now_us);
	return err ? err : make_late_keys(store);
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
