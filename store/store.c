#include "store/form/schema.h"
#include "store/store_priv.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Any numbers, the same for ever; migrate.c and store_priv.h have more. */
static const struct actor {
	int64_t key;
	const char *
		silence; /* an actor that asks nothing for so long hangs; longer than it ever waits for others */
} actors[STORE_ACTOR_COUNT] = {
	[STORE_ACTOR_SCHEDULER] = { 0x626f756e63656403, "20s" },
	[STORE_ACTOR_HOOK] = { 0x626f756e63656406, "90s" },
	[STORE_ACTOR_RESOLVER] = { 0x626f756e63656408, "90s" },
};

/* Polled by whoever waits for it, and a table that is missing is an error in the server's log: first ask whether it is
 * there. */
enum err store_schema_version(struct store *store, int64_t *ret_version)
{
	CLEANUP(pg_rows_freep) struct pg_rows *begun = NULL;
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_MIGRATION_BEGUN, &begun);

	if (!err && !pg_get_bool(begun, 0, 0)) {
		*ret_version = 0;
		return ERR_OK;
	}
	if (!err)
		err = PG_RUN(store->pg, QUERY_MIGRATION_VERSION, &rows);
	if (err)
		return err;
	*ret_version = pg_get_i64(rows, 0, 0);
	return ERR_OK;
}

enum err store_ready(struct store *store)
{
	int64_t version;
	enum err err = store_schema_version(store, &version);

	if (err)
		return err;
	if (version == schema_newest())
		return ERR_OK;
	return version < schema_newest() ? ERR_NOT_FOUND : ERR_NEWER;
}

/* A connection to a schema of a newer program is ended, and store_error says why: nothing of it is read. One that cannot be
 * asked for its version is the trouble of another verb. */
static enum err refuse_newer(struct store *store)
{
	char why[160];
	int64_t version;

	if (store_schema_version(store, &version) || version <= schema_newest())
		return ERR_OK;
	snprintf(why, sizeof why,
		"the schema is at version %" PRId64 ", and this program knows those up to %" PRId64
		": install the newer program",
		version, schema_newest());
	pg_hang_up(store->pg, why);
	return ERR_NEWER;
}

enum err store_open(const char *conninfo, const struct store_options *options, struct buf *problem,
	struct store **ret_store)
{
	struct store *store = calloc(1, sizeof *store);
	struct str bad = STR_EMPTY;
	enum err err;

	if (!store)
		abort();
	store->arena = arena_new();
	err = providers_read(
		store->arena, options ? options->providers : STR_EMPTY, &store->providers, &bad);
	store->mx_lookups = options && options->mx_lookups;
	if (err && problem)
		buf_printf(problem, "\"%.*s\" is no domain=provider", STR_ARG(bad));
	if (!err)
		err = pg_open(conninfo, options, problem, &store->pg);
	if (!err && (err = refuse_newer(store)) && problem)
		buf_put(problem, pg_error(store->pg));
	if (err)
		store_close(store);
	else
		*ret_store = store;
	return err;
}

void store_close(struct store *store)
{
	if (!store)
		return;
	pg_close(store->pg);
	arena_free(store->arena);
	free(store);
}

enum err store_reopen(struct store *store)
{
	store->has_batch_tables = false;
	store->has_volume_table = false;
	store->has_judge_tables = false;
	store->acts = false;
	return pg_reopen(store->pg) ? ERR_UNAVAILABLE : refuse_newer(store);
}

enum err store_conninfo_check(const char *conninfo, struct buf *problem)
{
	return pg_conninfo_check(conninfo, problem);
}

bool store_connected(const struct store *store)
{
	return pg_connected(store->pg);
}

struct str store_error(const struct store *store)
{
	return pg_error(store->pg);
}

int64_t store_actor_key(enum store_actor actor)
{
	return actors[actor].key;
}

enum err store_act(struct store *store, enum store_actor actor, bool *ret_acting)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = ERR_OK;

	/* Asked even where the lock is ours: a connection that was lost shows itself. */
	if (store->acts)
		err = PG_RUN(store->pg, QUERY_ALIVE, &rows);
	else
		err = PG_RUN(store->pg, QUERY_ACTOR_LOCK, &rows, pg_i64(actors[actor].key));
	if (err)
		return err;
	if (!store->acts && pg_get_bool(rows, 0, 0))
		err = PG_RUN(store->pg, QUERY_ACTOR_SILENCE, NULL,
			pg_text(str_c(actors[actor].silence)));
	if (err)
		return err;
	store->acts = pg_get_bool(rows, 0, 0);
	*ret_acting = store->acts;
	return ERR_OK;
}

enum err store_do_all(struct pg *pg, const enum query *queries, size_t n)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < n && !err; i++)
		err = pg_do(pg, queries[i], NULL);
	return err;
}

enum err store_place(struct store *store, struct str spool_id, struct store_place *ret_place)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_POSITION, &rows, pg_text(spool_id));
	struct store_place place = { 0 };

	if (err)
		return err;
	if (pg_rows_count(rows)) {
		place.sequence = (uint64_t)pg_get_i64(rows, 0, 0);
		place.record_at_us = pg_get_i64(rows, 0, 1);
	}
	*ret_place = place;
	return ERR_OK;
}

enum err store_position(struct store *store, struct str spool_id, uint64_t *ret_sequence)
{
	struct store_place place;
	enum err err = store_place(store, spool_id, &place);

	if (!err)
		*ret_sequence = place.sequence;
	return err;
}

enum err store_set_back(
	struct store *store, struct str spool_id, uint64_t from_sequence, uint64_t to_sequence)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err;

	if (to_sequence > from_sequence || from_sequence > INT64_MAX)
		return ERR_RANGE;
	err = PG_RUN(store->pg, QUERY_POSITION_SET_BACK, &rows, pg_text(spool_id),
		pg_i64((int64_t)from_sequence), pg_i64((int64_t)to_sequence));
	if (err)
		return err;
	return pg_rows_touched(rows) ? ERR_OK : ERR_CONFLICT;
}

enum err store_purge_seen(struct store *store, int64_t before_us, size_t *ret_purged)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_PURGE_SEEN, &rows, pg_time(before_us));

	if (err)
		return err;
	*ret_purged = pg_rows_touched(rows);
	return ERR_OK;
}

enum err store_purge_failures(struct store *store, int64_t before_us, size_t *ret_purged)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_PURGE_FAILURES, &rows, pg_time(before_us));

	if (err)
		return err;
	*ret_purged = pg_rows_touched(rows);
	return ERR_OK;
}

enum err store_is_citus(struct store *store, bool *ret_is_citus)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err =
		store->knows_citus ? ERR_OK : pg_run(store->pg, QUERY_HAS_CITUS, NULL, 0, &rows);

	if (err)
		return err;
	if (rows)
		store->is_citus = pg_get_bool(rows, 0, 0);
	store->knows_citus = true;
	*ret_is_citus = store->is_citus;
	return ERR_OK;
}

enum err store_choose(
	struct store *store, enum query plain, enum query citus, enum query *ret_query)
{
	bool is_citus;
	enum err err = store_is_citus(store, &is_citus);

	if (!err)
		*ret_query = is_citus ? citus : plain;
	return err;
}
