/* suppress/proof/token.h -- signed return paths: proof that we sent the mail, and to whom.
 * Knows: the 37 octets `b1.` and base32 (docs/tokens.md has the layout and test vectors). Does not know
 * where keys are kept or what a verdict leads to. Pure: the time comes in.
 * Compares in constant time. Case is folded before decoding, since mail systems change it; anything
 * that is not the one canonical spelling is refused. */
#pragma once
#include "core/attr.h"
#include "core/err.h"
#include "core/report.h"
#include "core/str.h"

#include <stdint.h>

enum {
	TOKEN_TEXT_BYTES = 37,
	TOKEN_KEY_BYTES = 32,
	TOKEN_MAX_KEYS = 16, /* a key id has 4 bits */
	TOKEN_TAG_BYTES = 8,
	TOKEN_KEY_TEXT_BYTES =
		3 + 2 * TOKEN_KEY_BYTES + 11, /* "15:", hexadecimal digits, "@2026-11-29" */
};

/* The keys that verify, by id. */
struct token_keys {
	struct {
		bool known;
		uint8_t bytes[TOKEN_KEY_BYTES];
		int64_t made_us; /* TIMESTAMP_NONE: not told */
	} key[TOKEN_MAX_KEYS];
	unsigned newest; /* id of the key that signs; the last one that token_keys_add took */
	unsigned n;
};

/* What a token says once it is verified. */
struct token_claims {
	unsigned key_id;
	int64_t expires_us; /* the end of its last day, UTC */
	uint8_t tag[TOKEN_TAG_BYTES];
};

/* Adds "ID:HEX" or "ID:HEX@DATE", ID 0 to 15, HEX 64 digits, DATE the day it was made. ERR_SYNTAX; ERR_EXISTS: the id is taken. */
MUST_CHECK enum err token_keys_add(struct token_keys *keys, struct str text);
/* Forgets the secrets. */
void token_keys_release(struct token_keys *keys);

/* The tag that binds a token to a recipient: the start of HMAC-SHA-256(key, lower-cased address).
 * ERR_NOT_FOUND: no such key. */
MUST_CHECK enum err token_recipient_tag(const struct token_keys *keys, unsigned key_id,
	struct str recipient, uint8_t ret_tag[TOKEN_TAG_BYTES]);
/* Signs with the newest key, for a return path below `domain`, valid through the day of expires_us.
 * ERR_NOT_FOUND: no key; ERR_RANGE: before 2020 or after 2199-06-05. */
MUST_CHECK enum err token_sign(const struct token_keys *keys, const uint8_t tag[TOKEN_TAG_BYTES],
	int64_t expires_us, struct str domain, char ret_text[TOKEN_TEXT_BYTES]);
/* TOKEN_NONE: not a token at all; TOKEN_INVALID: not signed by a known key for this domain;
 * TOKEN_EXPIRED, TOKEN_VALID: *ret_claims is written. */
enum token_verdict token_verify(const struct token_keys *keys, struct str text, struct str domain,
	int64_t now_us, struct token_claims *ret_claims);
/* Was the token made for this recipient? */
bool token_names(
	const struct token_keys *keys, const struct token_claims *claims, struct str recipient);
