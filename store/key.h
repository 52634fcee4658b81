/* store/key.h -- the keys of the API, as rows.
 * Knows: what is kept of a key, never the key itself. Does not know: how a key is written, hashed or
 * compared (api/request/key.h), what a scope allows. Not pure; errors and threads as in store.h.
 * Texts that come in must be valid UTF-8 without NUL. */
#pragma once
#include "store/store.h"

enum { KEY_DIGEST_BYTES = 32, KEY_MAX_STREAMS = 16 };

struct store_key {
	struct str prefix, name, scope;
	uint8_t digest[KEY_DIGEST_BYTES]; /* SHA-256 of the whole key */
	struct str streams;               /* names, joined by a comma; empty: all */
	int64_t created_us;
	int64_t expires_us, last_used_us, revoked_us; /* TIMESTAMP_NONE: never */
};

/* ERR_EXISTS: the prefix is taken. */
MUST_CHECK enum err store_key_add(struct store *store, const struct store_key *key);
/* Revoked and expired ones too. Texts are copied to `arena`. ERR_NOT_FOUND. */
MUST_CHECK enum err store_key_find(
	struct store *store, struct arena *arena, struct str prefix, struct store_key *ret_key);
/* Keeps the moment, unless one of the minute before it is kept already. */
MUST_CHECK enum err store_key_used(struct store *store, struct str prefix, int64_t at_us);
/* ERR_NOT_FOUND: no such key, or revoked before. */
MUST_CHECK enum err store_key_revoke(struct store *store, struct str prefix, int64_t at_us);

typedef bool store_key_fn(void *context, const struct store_key *key);
/* All, the oldest first. */
MUST_CHECK enum err store_keys(struct store *store, store_key_fn *fn, void *context);
