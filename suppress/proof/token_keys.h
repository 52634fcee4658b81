/* suppress/proof/token_keys.h -- the keys of token.keys, and the verdict on a message's return path. */
#pragma once
#include "core/config.h"
#include "core/envelope.h"
#include "suppress/proof/token.h"
#include "suppress/proof/verp.h"

/* *ret_trouble (in `arena`) names the wrong key by its place, never by its text. */
MUST_CHECK enum err token_keys_load(const struct config *config, struct arena *arena,
	struct token_keys *ret_keys, struct str *ret_trouble);
/* The templates of token.verp. *ret_trouble (in `arena`) names the one that is none. */
MUST_CHECK enum err verp_load(const struct config *config, struct arena *arena,
	struct verp *ret_verp, struct str *ret_trouble);
/* Is this return path a token that a key signed, and of a day that is not over? An smtp_proof_fn. */
bool token_proves(const void *keys, struct str local, struct str domain, int64_t now_us);
/* Verifies the token that the parser found in a forward-path. Without keys it stays TOKEN_UNKNOWN.
 * *ret_claims is written where the verdict is TOKEN_VALID or TOKEN_EXPIRED. */
void token_judge(const struct token_keys *keys, const struct envelope *envelope,
	struct token_ref *token, struct token_claims *ret_claims);
