#include "store/key.h"
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
