#include "suppress/proof/token_keys.h"

#include "core/limits.h"
#include "core/return_path.h"

#include <stdio.h>

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
			err == ERR_EXISTS
				? "of an id that another has"
				: "not ID:HEX with 64 digits, and @YYYY-MM-DD behind it if wanted");
		token_keys_release(&keys);
		return err;
	}
	*ret_keys = keys;
	return ERR_OK;
}

enum err verp_load(const struct config *config, struct arena *arena, struct verp *ret_verp,
	struct str *ret_trouble)
{
	struct verp verp = { .n = 0 };
	struct str item;

	for (size_t i = 0; config_item(config, CONFIG_TOKEN_VERP, i, &item); i++) {
		enum err err = verp_add(&verp, item);

		if (!err)
			continue;
		*ret_trouble = arena_printf(arena,
			"token.verp: \"%.*s\" is not a template of {local}, {domain}, {stream}, "
			"{campaign}, {id} and an @, or one too many",
			STR_ARG(item));
		return err;
	}
	*ret_verp = verp;
	return ERR_OK;
}

bool token_proves(const void *context, struct str local, struct str domain, int64_t now_us)
{
	const struct token_keys *keys = context;
	char address[LIMIT_COMMAND_LINE_BYTES];
	struct token_claims claims;
	struct str token, of;
	int n = snprintf(address, sizeof address, "%.*s@%.*s", STR_ARG(local), STR_ARG(domain));

	return n > 0 && (size_t)n < sizeof address &&
	       return_path_token(str_from(address, (size_t)n), &token, &of) &&
	       token_verify(keys, token, of, now_us, &claims) == TOKEN_VALID;
}

void token_judge(const struct token_keys *keys, const struct envelope *envelope,
	struct token_ref *token, struct token_claims *ret_claims)
{
	struct str text, domain;

	if (token->verdict == TOKEN_NONE)
		return;
	token->verdict = keys->n ? TOKEN_INVALID : TOKEN_UNKNOWN;
	for (size_t i = 0; i < envelope->n_forward_paths && keys->n; i++) {
		if (!return_path_token(envelope->forward_paths[i], &text, &domain) ||
			!str_ieq(text, token->text))
			continue;
		token->verdict = token_verify(
			keys, token->text, domain, envelope->received_at_us, ret_claims);
		return;
	}
}
