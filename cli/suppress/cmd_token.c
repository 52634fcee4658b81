/* cli/suppress/cmd_token.c -- `bounced token new-key|sign|verify`. */
#define _GNU_SOURCE
#include "cli/command/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "core/attr.h"
#include "core/config.h"
#include "suppress/proof/token_keys.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t now_us(void)
{
	return (int64_t)time(NULL) * TIMESTAMP_SECOND_US;
}

static int new_key(const struct token_keys *keys, const char *id_text)
{
	unsigned char bytes[TOKEN_KEY_BYTES];
	uint64_t id = 0;

	while (!id_text && id < TOKEN_MAX_KEYS && keys->key[id].known)
		id++;
	if (id == TOKEN_MAX_KEYS)
		return command_failed("all 16 key ids are taken: drop the oldest key");
	if (id_text && !str_to_u64(str_c(id_text), TOKEN_MAX_KEYS - 1, &id))
		return command_misused("token", "\"%s\" is no key id: 0 to 15", id_text);
	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return command_failed("no random bytes from the system");
	printf("%u:", (unsigned)id);
	for (size_t i = 0; i < sizeof bytes; i++)
		printf("%02x", bytes[i]);
	putchar('\n');
	explicit_bzero(bytes, sizeof bytes);
	return EXIT_CODE_OK;
}

static int sign(
	const struct token_keys *keys, int64_t days, const char *recipient, const char *domain)
{
	uint8_t tag[TOKEN_TAG_BYTES];
	char text[TOKEN_TEXT_BYTES];
	enum err err = token_recipient_tag(keys, keys->newest, str_c(recipient), tag);

	if (!err)
		err = token_sign(
			keys, tag, now_us() + days * TIMESTAMP_DAY_US, str_c(domain), text);
	if (err)
		return command_failed(err == ERR_NOT_FOUND
					      ? "token.keys is empty: no key to sign with"
					      : "the clock is out of range");
	printf("%.*s@%s\n", TOKEN_TEXT_BYTES, text, domain);
	return EXIT_CODE_OK;
}

static int verify(
	const struct token_keys *keys, const char *token, const char *domain, const char *recipient)
{
	struct token_claims claims;
	struct str local = str_c(token), rest;
	char room[TIMESTAMP_TEXT_BYTES];
	enum token_verdict verdict;

	str_cut(local, '@', &local, &rest); /* a whole address is as good */
	verdict = token_verify(keys, local, str_c(domain), now_us(), &claims);
	printf("verdict %.*s\n", STR_ARG(token_verdict_name(verdict)));
	if (verdict != TOKEN_VALID && verdict != TOKEN_EXPIRED)
		return EXIT_CODE_FAILED;
	printf("key %u\nexpires %.*s\n", claims.key_id,
		STR_ARG(timestamp_format(claims.expires_us, room)));
	if (!recipient)
		return verdict == TOKEN_VALID ? EXIT_CODE_OK : EXIT_CODE_FAILED;
	if (!token_names(keys, &claims, str_c(recipient))) {
		puts("recipient another");
		return EXIT_CODE_FAILED;
	}
	printf("recipient %s\n", recipient);
	return verdict == TOKEN_VALID ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static int run(const struct config *config, const struct token_keys *keys, int argc, char **argv)
{
	if (argc >= 2 && argc <= 3 && !strcmp(argv[1], "new-key"))
		return new_key(keys, argc == 3 ? argv[2] : NULL);
	if (argc == 4 && !strcmp(argv[1], "sign"))
		return sign(keys, config_int(config, CONFIG_TOKEN_LIFETIME_DAYS), argv[2], argv[3]);
	if (argc >= 4 && argc <= 5 && !strcmp(argv[1], "verify"))
		return verify(keys, argv[2], argv[3], argc == 5 ? argv[4] : NULL);
	return command_misused(
		"token", "one of new-key, sign or verify with its arguments is needed");
}

static int run_token(void *context UNUSED, const struct config *config, struct arena *arena,
	int argc, char **argv)
{
	struct token_keys keys;
	struct str trouble;
	int code;

	if (token_keys_load(config, arena, &keys, &trouble)) {
		command_failed("%.*s", STR_ARG(trouble));
		return EXIT_CODE_USAGE;
	}
	code = run(config, &keys, argc, argv);
	token_keys_release(&keys);
	return code;
}

int cmd_token(int argc, char **argv)
{
	return command_configured(argc, argv, NULL, 0, run_token, NULL);
}
