/* cli/suppress/cmd_token.c -- `bounced token new-key|keys|rotate|sign|verify`. */
#define _GNU_SOURCE
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "core/attr.h"
#include "core/config.h"
#include "core/return_path.h"
#include "suppress/proof/token_keys.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

static int64_t now_us(void)
{
	return (int64_t)time(NULL) * TIMESTAMP_SECOND_US;
}

/* ---- keys ---- */

static void print_day(int64_t at_us)
{
	char room[TIMESTAMP_TEXT_BYTES];

	printf("%.*s", STR_ARG(str_head(timestamp_format(at_us, room), 10)));
}

static int print_new_key(uint64_t id)
{
	unsigned char bytes[TOKEN_KEY_BYTES];

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		return command_failed("no random bytes from the system");
	printf("%u:", (unsigned)id);
	for (size_t i = 0; i < sizeof bytes; i++)
		printf("%02x", bytes[i]);
	explicit_bzero(bytes, sizeof bytes);
	return EXIT_CODE_OK;
}

/* The first free one from `first` on, around; TOKEN_MAX_KEYS: none. */
static uint64_t free_id(const struct token_keys *keys, unsigned first)
{
	for (unsigned i = 0; i < TOKEN_MAX_KEYS; i++)
		if (!keys->key[(first + i) % TOKEN_MAX_KEYS].known)
			return (first + i) % TOKEN_MAX_KEYS;
	return TOKEN_MAX_KEYS;
}

static int new_key(const struct token_keys *keys, const char *id_text)
{
	uint64_t id = free_id(keys, 0);
	int code;

	if (!id_text && id == TOKEN_MAX_KEYS)
		return command_failed("all 16 key ids are taken: drop the oldest key");
	if (id_text && !str_to_u64(str_c(id_text), TOKEN_MAX_KEYS - 1, &id))
		return command_misused("token", "\"%s\" is no key id: 0 to 15", id_text);
	code = print_new_key(id);
	putchar('\n');
	return code;
}

/* The id of a key in the configuration, which was read already. */
static unsigned id_of(struct str item)
{
	struct str id_text, rest;
	uint64_t id = 0;

	if (!str_cut(str_trim(item), ':', &id_text, &rest) ||
		!str_to_u64(id_text, TOKEN_MAX_KEYS - 1, &id))
		return 0;
	return (unsigned)id;
}

/* When the last token that the nth key signed has expired; TIMESTAMP_NONE: not known, or it signs. */
static int64_t end_of(const struct config *config, const struct token_keys *keys, size_t n)
{
	int64_t lifetime_us = config_int(config, CONFIG_TOKEN_LIFETIME_DAYS) * TIMESTAMP_DAY_US;
	struct str next;
	int64_t made_us;

	if (!config_item(config, CONFIG_TOKEN_KEYS, n + 1, &next))
		return TIMESTAMP_NONE;
	made_us = keys->key[id_of(next)].made_us;
	return made_us == TIMESTAMP_NONE ? TIMESTAMP_NONE
					 : made_us + lifetime_us + 2 * TIMESTAMP_DAY_US;
}

/* Ids, ages and what each is good for; never a key. */
static int list_keys(const struct config *config, const struct token_keys *keys)
{
	struct str item;

	for (size_t i = 0; config_item(config, CONFIG_TOKEN_KEYS, i, &item); i++) {
		unsigned id = id_of(item);
		int64_t made_us = keys->key[id].made_us, end_us = end_of(config, keys, i);

		printf("%u\t", id);
		if (made_us == TIMESTAMP_NONE)
			printf("unknown\t-\t");
		else {
			print_day(made_us);
			printf("\t%lld days\t",
				(long long)((now_us() - made_us) / TIMESTAMP_DAY_US));
		}
		if (id == keys->newest)
			puts("signs");
		else
			puts(end_us != TIMESTAMP_NONE && end_us <= now_us() ? "over" : "verifies");
	}
	return EXIT_CODE_OK;
}

/* token.keys as it should be from now on: a new key that signs, and those whose tokens may still come back. */
static int rotate(const struct config *config, const struct token_keys *keys)
{
	uint64_t id = free_id(keys, keys->n ? keys->newest + 1 : 0);
	struct str item;
	int code;

	for (size_t i = 0; config_item(config, CONFIG_TOKEN_KEYS, i, &item); i++)
		if (end_of(config, keys, i) != TIMESTAMP_NONE &&
			end_of(config, keys, i) <= now_us() && id == TOKEN_MAX_KEYS)
			id = id_of(item);
	if (id == TOKEN_MAX_KEYS)
		return command_failed(
			"all 16 key ids are taken, and none is known to be over: drop "
			"the oldest key");
	printf("keys = ");
	for (size_t i = 0; config_item(config, CONFIG_TOKEN_KEYS, i, &item); i++) {
		int64_t end_us = end_of(config, keys, i);

		if (end_us == TIMESTAMP_NONE || end_us > now_us())
			printf("%.*s, ", STR_ARG(str_trim(item)));
	}
	code = print_new_key(id);
	putchar('@');
	print_day(now_us());
	putchar('\n');
	return code;
}

/* ---- tokens ---- */

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
	struct str local = str_c(token), rest, of = str_c(domain);
	char room[TIMESTAMP_TEXT_BYTES];
	enum token_verdict verdict;

	/* A whole address is as good, with whatever mail systems have written around the token. */
	if (!return_path_token(local, &local, &of))
		(void)str_cut(local, '@', &local, &rest);
	verdict = token_verify(keys, local, of, now_us(), &claims);
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
	if (argc == 2 && !strcmp(argv[1], "keys"))
		return list_keys(config, keys);
	if (argc == 2 && !strcmp(argv[1], "rotate"))
		return rotate(config, keys);
	if (argc == 4 && !strcmp(argv[1], "sign"))
		return sign(keys, config_int(config, CONFIG_TOKEN_LIFETIME_DAYS), argv[2], argv[3]);
	if (argc >= 4 && argc <= 5 && !strcmp(argv[1], "verify"))
		return verify(keys, argv[2], argv[3], argc == 5 ? argv[4] : NULL);
	return command_misused("token",
		"one of new-key, keys, rotate, sign or verify with its arguments is needed");
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
