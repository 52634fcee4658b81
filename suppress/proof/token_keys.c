#include "suppress/proof/token_keys.h"

enum err token_keys_load(const struct config *config, struct arena *arena,
	struct token_keys *ret_keys, struct str *ret_trouble)
{
	struct token_keys keys = { 0 };
	struct str item;
	enum err err;

	for (size_t i = 0; config_item(config, CONFIG_TOKEN_KEYS, i, &item); i++) {
		err = token_keys_add(&keys, item);
		if (!err)
			continue;
		*ret_trouble = arena_printf(arena, "token.keys: key number %zu is %s", i + 1,
			err == ERR_EXISTS ? "of an id that another has"
					  : "not ID:HEX with 64 digits");
		token_keys_release(&keys);
		return err;
	}
	*ret_keys = keys;
	return ERR_OK;
}

bool token_proves(const void *context, struct str local, struct str domain, int64_t now_us)
{
	const struct token_keys *keys = context;
	struct token_claims claims;

	return token_verify(keys, local, domain, now_us, &claims) == TOKEN_VALID;
}

void token_judge(const struct token_keys *keys, const struct envelope *envelope,
	struct token_ref *token, struct token_claims *ret_claims)
{
	struct str local, domain;

	if (token->verdict == TOKEN_NONE)
		return;
	token->verdict = keys->n ? TOKEN_INVALID : TOKEN_UNKNOWN;
	for (size_t i = 0; i < envelope->n_forward_paths && keys->n; i++) {
		if (!str_cut(envelope->forward_paths[i], '@', &local, &domain) ||
			!str_ieq(local, token->text))
			continue;
		token->verdict = token_verify(
			keys, token->text, domain, envelope->received_at_us, ret_claims);
		return;
	}
}
