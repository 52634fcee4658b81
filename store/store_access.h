/* store/store_access.h -- who may ask, and who changed what: the keys of the API, and the audit, as rows.
 * Knows: what is kept of a key, never the key itself. Does not know: how a key is written, hashed or
 * compared (api/request/key.h), what a scope allows, what an action of the audit means. Not pure; errors and threads as in store.h.
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

/* ---- the audit: what was done and the note of it are kept together, or neither ---- */

/* What verbs change from here on counts with store_noted_end, in one transaction. Not for verbs that take long, or read a snapshot
 * of their own (lists, store_backtest). */
MUST_CHECK enum err store_noted_begin(struct store *store);
/* `err`: of what stood between, notes among it; all of it is undone then, and it is returned. */
MUST_CHECK enum err store_noted_end(struct store *store, enum err err);

struct store_audit {
	int64_t id; /* 0: not stored yet */
	int64_t at_us;
	struct str who;     /* "key:1a2b3c4d", "cli:root", "loopback", "bounced" */
	struct str action;  /* "key.create", "suppression.put" */
	struct str subject; /* of the action: a prefix, a stream, what was changed; empty: none */
	struct str address; /* personal data, which store_erase empties; empty: none */
	uint64_t n;         /* how many rows it changed */
	struct str note;    /* why, as who did it says; emptied with the address; empty: nothing */
};
MUST_CHECK enum err store_audit_add(struct store *store, const struct store_audit *audit);

struct store_audit_query {
	int64_t from_us, to_us;
	int64_t before_id; /* of the last row of the page before; 0: from the newest on */
	struct str action; /* "key" is every one of keys; empty: any */
	size_t limit;      /* 1 to LIMIT_PAGE_ROWS */
};
typedef bool store_audit_fn(void *context, const struct store_audit *audit);
/* The newest first. */
MUST_CHECK enum err store_audits(struct store *store, const struct store_audit_query *query,
	store_audit_fn *fn, void *context);
/* The subject of the newest of an action, in `arena`. ERR_NOT_FOUND: there is none. */
MUST_CHECK enum err store_audit_last(
	struct store *store, struct arena *arena, struct str action, struct str *ret_subject);
MUST_CHECK enum err store_audit_purge(struct store *store, int64_t before_us);
