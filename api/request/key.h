/* api/request/key.h -- keys of the API as text: how one is made, recognised and hashed.
 * Knows: "bk_", eight hexadecimal digits that find the row, 64 that prove it; SHA-256. Does not know: the
 * store, random bytes (they come in), HTTP. Pure. */
#pragma once
#include "api/request/router.h"
#include "store/store_access.h"

enum {
	KEY_PREFIX_BYTES = 8,
	KEY_RANDOM_BYTES = 36, /* 4 of the prefix, 32 of the secret */
	KEY_TEXT_BYTES = 3 + 2 * KEY_RANDOM_BYTES,
};

void key_make(const uint8_t random[static KEY_RANDOM_BYTES], char ret_text[static KEY_TEXT_BYTES]);
/* The prefix (borrowed) of a text that has the form of a key. */
bool key_prefix(struct str text, struct str *ret_prefix);
void key_digest(struct str text, uint8_t ret_digest[static KEY_DIGEST_BYTES]);
/* In a time that does not depend on where they differ. */
bool key_digests_equal(
	const uint8_t a[static KEY_DIGEST_BYTES], const uint8_t b[static KEY_DIGEST_BYTES]);

/* "read", "write", "admin". */
struct str key_scope_name(enum route_scope scope);
bool key_scope_from_name(struct str name, enum route_scope *ret_scope);
/* Is `stream` one of the names joined by commas? All are, of an empty list. */
bool key_has_stream(struct str streams, struct str stream);
