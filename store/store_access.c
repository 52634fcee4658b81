#include "store/store_access.h"

#include "store/store_judge_priv.h"
#include "store/store_priv.h"

#include <string.h>

static struct pg_value digest_value(const struct store_key *key)
{
	return pg_bytes(str_from((const char *)key->digest, sizeof key->digest));
}

/* KEY_COLUMNS of queries.def. */
static struct store_key get_key(const struct pg_rows *rows, size_t row)
{
	struct store_key key = { .prefix = pg_get_text(rows, row, 0),
		.name = pg_get_text(rows, row, 1),
		.scope = pg_get_text(rows, row, 2),
		.streams = pg_get_text(rows, row, 3),
		.created_us = pg_get_time(rows, row, 4),
		.expires_us = pg_get_time(rows, row, 5),
		.last_used_us = pg_get_time(rows, row, 6),
		.revoked_us = pg_get_time(rows, row, 7) };
	struct str digest = pg_get_text(rows, row, 8);

	if (digest.n == sizeof key.digest)
		memcpy(key.digest, digest.p, sizeof key.digest);
	return key;
}

enum err store_key_add(struct store *store, const struct store_key *key)
{
	return PG_RUN(store->pg, QUERY_KEY_ADD, NULL, pg_text(key->prefix), pg_text(key->name),
		digest_value(key), pg_text(key->scope), pg_text(key->streams),
		pg_time(key->created_us), pg_time(key->expires_us));
}

enum err store_key_find(
	struct store *store, struct arena *arena, struct str prefix, struct store_key *ret_key)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_KEY_FIND, &rows, pg_text(prefix));
	struct store_key key;

	if (err)
		return err;
	if (!pg_rows_count(rows))
		return ERR_NOT_FOUND;
	key = get_key(rows, 0);
	key.prefix = arena_dup(arena, key.prefix);
	key.name = arena_dup(arena, key.name);
	key.scope = arena_dup(arena, key.scope);
	key.streams = arena_dup(arena, key.streams);
	*ret_key = key;
	return ERR_OK;
}

enum err store_key_used(struct store *store, struct str prefix, int64_t at_us)
{
	return PG_RUN(store->pg, QUERY_KEY_USED, NULL, pg_text(prefix), pg_time(at_us));
}

enum err store_key_revoke(struct store *store, struct str prefix, int64_t at_us)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_KEY_REVOKE, &rows, pg_text(prefix), pg_time(at_us));

	if (err)
		return err;
	return pg_rows_touched(rows) ? ERR_OK : ERR_NOT_FOUND;
}

enum err store_keys(struct store *store, store_key_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_KEYS, &rows);
	bool more = true;

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_key key = get_key(rows, i);

		more = fn(context, &key);
	}
	return err;
}

/* ---- the audit ---- */

enum err store_audit_add(struct store *store, const struct store_audit *audit)
{
	return PG_RUN(store->pg, QUERY_AUDIT_ADD, NULL, pg_time(audit->at_us), pg_text(audit->who),
		pg_text(audit->action), pg_text(audit->subject), pg_i64((int64_t)audit->n),
		pg_text(audit->address), pg_text(audit->note));
}

/* Temporary tables are known to be there once they were made: they are made before what may be undone. */
enum err store_noted_begin(struct store *store)
{
	enum err err = store_judge_tables(store);

	return err ? err : pg_hold(store->pg);
}

enum err store_noted_end(struct store *store, enum err err)
{
	return pg_release(store->pg, err);
}

enum err store_audits(struct store *store, const struct store_audit_query *query,
	store_audit_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_AUDIT_LIST, &rows, pg_time(query->from_us),
		pg_time(query->to_us), pg_i64(query->before_id), pg_text(query->action),
		pg_i64((int64_t)query->limit));
	bool more = true;

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		const struct store_audit audit = { .id = pg_get_i64(rows, i, 0),
			.at_us = pg_get_time(rows, i, 1),
			.who = pg_get_text(rows, i, 2),
			.action = pg_get_text(rows, i, 3),
			.subject = pg_get_text(rows, i, 4),
			.address = pg_get_text(rows, i, 5),
			.n = (uint64_t)pg_get_i64(rows, i, 6),
			.note = pg_get_text(rows, i, 7) };

		more = fn(context, &audit);
	}
	return err;
}

enum err store_audit_last(
	struct store *store, struct arena *arena, struct str action, struct str *ret_subject)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_AUDIT_LAST, &rows, pg_text(action));

	if (err)
		return err;
	if (!pg_rows_count(rows))
		return ERR_NOT_FOUND;
	*ret_subject = arena_dup(arena, pg_get_text(rows, 0, 0));
	return ERR_OK;
}

enum err store_audit_purge(struct store *store, int64_t before_us)
{
	return PG_RUN(store->pg, QUERY_AUDIT_PURGE, NULL, pg_time(before_us));
}
