#include "api/keyring_priv.h"
#include "core/timestamp.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define FRESH_US (KEYRING_FRESH_S * TIMESTAMP_SECOND_US)

enum { STREAMS_BYTES = 1024, PEER_BYTES = 48, PEER_PLACES = 4 };

/* A row as it was at read_us. */
struct kept_key {
	char prefix[KEY_PREFIX_BYTES];
	uint8_t digest[KEY_DIGEST_BYTES];
	enum route_scope scope;
	char streams[STREAMS_BYTES];
	size_t n_streams;
	int64_t expires_us, revoked_us, used_us, read_us; /* read_us 0: the place is free */
};

struct bad_peer {
	char name[PEER_BYTES];
	int64_t since_us;
	unsigned bad;
};

/* How often a key asked since a moment. Of more keys than places the one that began first gives way. */
struct asked {
	char prefix[KEY_PREFIX_BYTES];
	int64_t since_us;
	unsigned n;
};

struct keyring {
	pthread_mutex_t lock;
	struct asked asked[KEYRING_KEYS];
	struct kept_key keys[KEYRING_KEYS];
	struct bad_peer peers[KEYRING_PEERS];
};

struct keyring *keyring_new(void)
{
	struct keyring *keyring = calloc(1, sizeof *keyring);

	if (!keyring)
		abort();
	pthread_mutex_init(&keyring->lock, NULL);
	return keyring;
}

void keyring_free(struct keyring *keyring)
{
	if (!keyring)
		return;
	pthread_mutex_destroy(&keyring->lock);
	free(keyring);
}

/* ---- addresses that sent bad keys; under the lock ---- */

static bool is_over(const struct bad_peer *peer, int64_t now_us)
{
	return now_us - peer->since_us >= TIMESTAMP_MINUTE_US || now_us < peer->since_us;
}

/* Its place, or the one of its few places that is the oldest. */
static struct bad_peer *peer_place(struct keyring *keyring, struct str name, int64_t now_us)
{
	uint32_t hash = str_ihash(name);
	struct bad_peer *oldest = &keyring->peers[hash % KEYRING_PEERS];

	for (uint32_t i = 0; i < PEER_PLACES; i++) {
		struct bad_peer *peer = &keyring->peers[(hash + i) % KEYRING_PEERS];

		if (str_eq(str_c(peer->name), name) && !is_over(peer, now_us))
			return peer;
		if (peer->since_us < oldest->since_us)
			oldest = peer;
	}
	return oldest;
}

static bool is_blocked(struct keyring *keyring, struct str name, int64_t now_us)
{
	const struct bad_peer *peer = peer_place(keyring, name, now_us);

	return str_eq(str_c(peer->name), name) && !is_over(peer, now_us) &&
	       peer->bad >= KEYRING_BAD_KEYS;
}

static void note_bad(struct keyring *keyring, struct str name, int64_t now_us)
{
	struct bad_peer *peer = peer_place(keyring, name, now_us);

	if (!str_eq(str_c(peer->name), name) || is_over(peer, now_us)) {
		*peer = (struct bad_peer){ .since_us = now_us };
		memcpy(peer->name, name.p, name.n);
	}
	peer->bad++;
}

/* ---- how often a key asks ---- */

static struct asked *asked_of(struct keyring *keyring, struct str prefix)
{
	struct asked *oldest = &keyring->asked[0];

	for (size_t i = 0; i < KEYRING_KEYS; i++) {
		struct asked *asked = &keyring->asked[i];

		if (asked->n && !memcmp(asked->prefix, prefix.p, KEY_PREFIX_BYTES))
			return asked;
		if (asked->since_us < oldest->since_us)
			oldest = asked;
	}
	*oldest = (struct asked){ 0 };
	memcpy(oldest->prefix, prefix.p, KEY_PREFIX_BYTES);
	return oldest;
}

bool keyring_count(struct keyring *keyring, struct str key, int64_t now_us, unsigned limit,
	unsigned *ret_wait_s)
{
	struct asked *asked;
	struct str prefix;
	int64_t age_us;
	bool good;

	if (!limit || !key_prefix(key, &prefix))
		return true;
	pthread_mutex_lock(&keyring->lock);
	asked = asked_of(keyring, prefix);
	age_us = now_us - asked->since_us;
	if (!asked->n || age_us < 0 || age_us >= TIMESTAMP_MINUTE_US) {
		asked->since_us = now_us;
		asked->n = 0;
		age_us = 0;
	}
	good = asked->n < limit;
	asked->n += good;
	pthread_mutex_unlock(&keyring->lock);
	*ret_wait_s = (unsigned)((TIMESTAMP_MINUTE_US - age_us) / TIMESTAMP_SECOND_US) + 1;
	if (*ret_wait_s > 60)
		*ret_wait_s = 60;
	return good;
}

/* ---- rows that were read; under the lock ---- */

static struct kept_key *find_kept(struct keyring *keyring, struct str prefix)
{
	for (size_t i = 0; i < KEYRING_KEYS; i++)
		if (keyring->keys[i].read_us &&
			!memcmp(keyring->keys[i].prefix, prefix.p, KEY_PREFIX_BYTES))
			return &keyring->keys[i];
	return NULL;
}

static void keep(struct keyring *keyring, const struct kept_key *key)
{
	struct kept_key *place = find_kept(keyring, str_from(key->prefix, KEY_PREFIX_BYTES));
	struct kept_key *oldest = &keyring->keys[0];

	for (size_t i = 1; !place && i < KEYRING_KEYS; i++)
		if (keyring->keys[i].read_us < oldest->read_us)
			oldest = &keyring->keys[i];
	*(place ? place : oldest) = *key;
}

/* ---- one key ---- */

/* ERR_NOT_FOUND also for a row that this program cannot read right: better no key than a wide one. */
static enum err read_row(
	struct store *store, struct arena *arena, struct str prefix, struct kept_key *ret_key)
{
	struct store_key row;
	struct kept_key key;
	enum err err = store_key_find(store, arena, prefix, &row);

	if (err)
		return err;
	if (!key_scope_from_name(row.scope, &key.scope) || row.streams.n > sizeof key.streams)
		return ERR_NOT_FOUND;
	memcpy(key.prefix, prefix.p, sizeof key.prefix);
	memcpy(key.digest, row.digest, sizeof key.digest);
	memcpy(key.streams, row.streams.p, row.streams.n);
	key.n_streams = row.streams.n;
	key.expires_us = row.expires_us;
	key.revoked_us = row.revoked_us;
	key.used_us = row.last_used_us;
	*ret_key = key;
	return ERR_OK;
}

/* Reads the row, on a connection that is made anew once if it was lost while nobody asked. */
static enum err fetch(const struct service *service, struct arena *arena, struct str prefix,
	struct kept_key *ret_key)
{
	struct store *store;
	enum err err = ERR_UNAVAILABLE;

	for (int attempt = 0; attempt < 2 && err == ERR_UNAVAILABLE; attempt++) {
		err = service->store(service->store_context, attempt > 0, &store);
		if (err)
			return err;
		err = read_row(store, arena, prefix, ret_key);
	}
	return err;
}

static bool is_alive(const struct kept_key *key, int64_t now_us)
{
	return key->revoked_us == TIMESTAMP_NONE &&
	       (key->expires_us == TIMESTAMP_NONE || now_us < key->expires_us);
}

/* A use is worth a write once a minute; one that is not kept costs nobody a request. */
static void note_use(const struct service *service, struct kept_key *key, int64_t now_us)
{
	struct store *store;

	if (key->used_us != TIMESTAMP_NONE && now_us - key->used_us < TIMESTAMP_MINUTE_US)
		return;
	key->used_us = now_us;
	if (!service->store(service->store_context, false, &store))
		ERR_IGNORE(store_key_used(store, str_from(key->prefix, KEY_PREFIX_BYTES), now_us),
			"the next request tries again");
}

static enum key_verdict count_bad(struct keyring *keyring, struct str peer, int64_t now_us)
{
	pthread_mutex_lock(&keyring->lock);
	note_bad(keyring, peer, now_us);
	pthread_mutex_unlock(&keyring->lock);
	return KEY_BAD;
}

/* What memory says: KEY_GOOD with *ret_key, KEY_TOO_MANY, or KEY_UNCHECKED: ask the store. A key that
 * proved itself before is always looked up again: others behind its address must not lock it out. */
static enum key_verdict recall(struct keyring *keyring, struct str prefix,
	const uint8_t digest[static KEY_DIGEST_BYTES], struct str peer, int64_t now_us,
	struct kept_key *ret_key)
{
	enum key_verdict verdict = KEY_UNCHECKED;
	const struct kept_key *kept;

	pthread_mutex_lock(&keyring->lock);
	kept = find_kept(keyring, prefix);
	if (kept && !key_digests_equal(kept->digest, digest))
		kept = NULL;
	if (!kept && is_blocked(keyring, peer, now_us)) {
		verdict = KEY_TOO_MANY;
	} else if (kept && now_us >= kept->read_us && now_us - kept->read_us < FRESH_US) {
		*ret_key = *kept;
		verdict = KEY_GOOD;
	}
	pthread_mutex_unlock(&keyring->lock);
	return verdict;
}

static enum key_verdict check_in_store(const struct service *service, struct arena *arena,
	struct str prefix, const uint8_t digest[static KEY_DIGEST_BYTES], int64_t now_us,
	struct kept_key *ret_key, enum err *ret_err)
{
	struct kept_key key;
	enum err err = fetch(service, arena, prefix, &key);

	if (err && err != ERR_NOT_FOUND) {
		*ret_err = err;
		return KEY_UNCHECKED;
	}
	if (err || !key_digests_equal(key.digest, digest))
		return KEY_BAD;
	key.read_us = now_us;
	if (is_alive(&key, now_us))
		note_use(service, &key, now_us);
	pthread_mutex_lock(&service->keyring->lock);
	keep(service->keyring, &key);
	pthread_mutex_unlock(&service->keyring->lock);
	*ret_key = key;
	return KEY_GOOD;
}

enum key_verdict keyring_check(const struct service *service, struct arena *arena, struct str key,
	const struct api_request *request, struct key_grant *ret_grant, enum err *ret_err)
{
	struct str peer = str_head(request->network, PEER_BYTES - 1), prefix;
	uint8_t digest[KEY_DIGEST_BYTES];
	int64_t now_us = request->now_us;
	enum key_verdict verdict;
	struct kept_key kept;

	bool has_form = key_prefix(key, &prefix);

	key_digest(key, digest);
	verdict = recall(
		service->keyring, has_form ? prefix : STR("--------"), digest, peer, now_us, &kept);
	if (verdict == KEY_UNCHECKED && !has_form)
		verdict = KEY_BAD;
	if (verdict == KEY_UNCHECKED)
		verdict = check_in_store(service, arena, prefix, digest, now_us, &kept, ret_err);
	if (verdict == KEY_BAD || (verdict == KEY_GOOD && !is_alive(&kept, now_us)))
		return count_bad(service->keyring, peer, now_us);
	if (verdict == KEY_GOOD)
		*ret_grant = (struct key_grant){ .scope = kept.scope,
			.streams = arena_dup(arena, str_from(kept.streams, kept.n_streams)) };
	return verdict;
}
