/* api/keyring_priv.h -- is the key of a request good, and for what?
 * Knows: keys' rows, for a few seconds after they were read, and addresses that sent bad keys of late.
 * Does not know: routes, answers. Safe to call from every thread; asks the store outside of its lock.
 * Bounds: KEYRING_KEYS rows and KEYRING_PEERS addresses, of which the oldest give way. */
#pragma once
#include "api/request/key.h"
#include "api/request/request.h"

enum key_verdict {
	KEY_GOOD,
	KEY_BAD,
	KEY_TOO_MANY,  /* the address sent KEYRING_BAD_KEYS in the last minute */
	KEY_UNCHECKED, /* the store could not be asked */
};
enum {
	KEYRING_KEYS = 256,
	KEYRING_PEERS = 1024,
	KEYRING_BAD_KEYS = 10,
	KEYRING_FRESH_S = 3, /* a revoked key dies at most so much later */
};

/* One more request of this key, of which a good one stands in `key`. False: it is over `limit` (0: there is none) in this minute;
 * *ret_wait_s: until the next. */
bool keyring_count(struct keyring *keyring, struct str key, int64_t now_us, unsigned limit,
	unsigned *ret_wait_s);
struct keyring *keyring_new(void);
/* Takes NULL. */
void keyring_free(struct keyring *keyring);
/* `key` as the client sent it. The grant's texts are in `arena`. *ret_err: of KEY_UNCHECKED. */
enum key_verdict keyring_check(const struct service *service, struct arena *arena, struct str key,
	const struct api_request *request, struct key_grant *ret_grant, enum err *ret_err);
