/* cli/cmd_key.c -- `bounced key create|list|revoke`: keys of the API, in the database. */
#define _GNU_SOURCE
#include "api/request/key.h"
#include "cli/server/command_audit.h"
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/config.h"
#include "core/utf8.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { KEY_NAME_BYTES = 200, KEY_STREAMS_BYTES = 1024, STREAM_BYTES = 128 };

struct key_command {
	struct store *store;
	struct arena *arena;
	const char *scope, *streams, *expires;
};

static int64_t now_us(void)
{
	return (int64_t)time(NULL) * TIMESTAMP_SECOND_US;
}

static int failed(const struct key_command *command, enum err err)
{
	if (err == ERR_UNSUPPORTED)
		return command_failed("the database has no keys yet: run \"bounced migrate\"");
	return command_failed("%s: %.*s", err_text(err), STR_ARG(store_error(command->store)));
}

/* ---- create ---- */

/* "a,b" without empty or overlong names; "" for a list that is wrong. */
static struct str read_streams(struct arena *arena, struct str text)
{
	struct str streams = STR_EMPTY, word;
	size_t n = 0;

	while (str_next_word(&text, ",", &word)) {
		word = str_trim(word);
		if (!word.n || word.n > STREAM_BYTES || ++n > KEY_MAX_STREAMS)
			return STR_EMPTY;
		streams = arena_printf(
			arena, "%.*s%s%.*s", STR_ARG(streams), n > 1 ? "," : "", STR_ARG(word));
	}
	return streams.n <= KEY_STREAMS_BYTES ? streams : STR_EMPTY;
}

/* False, and the message printed, for what no key can have. */
static bool read_key(const struct key_command *command, const char *name, struct store_key *ret_key,
	int *ret_code)
{
	struct store_key key = { .name = str_c(name),
		.scope = str_c(command->scope),
		.created_us = now_us(),
		.expires_us = TIMESTAMP_NONE };
	enum route_scope scope;

	*ret_code = EXIT_CODE_USAGE;
	key.streams = read_streams(command->arena, str_c(command->streams));
	if (!key.name.n || key.name.n > KEY_NAME_BYTES || !utf8_valid(key.name))
		command_misused("key", "a NAME has 1 to %d bytes of UTF-8", KEY_NAME_BYTES);
	else if (!key_scope_from_name(key.scope, &scope))
		command_misused(
			"key", "there is no scope \"%s\": read, write or admin", command->scope);
	else if ((*command->streams && !key.streams.n) || !utf8_valid(key.streams))
		command_misused("key", "\"%s\" is no list of at most %d streams", command->streams,
			KEY_MAX_STREAMS);
	else if (*command->expires && !timestamp_parse(str_c(command->expires), &key.expires_us))
		command_misused("key", "\"%s\" is no date", command->expires);
	else if (key.expires_us != TIMESTAMP_NONE && key.expires_us <= key.created_us)
		command_misused("key", "%s is over", command->expires);
	else
		*ret_code = EXIT_CODE_OK;
	*ret_key = key;
	return *ret_code == EXIT_CODE_OK;
}

static enum err add_noted(const struct key_command *command, const struct store_key *key)
{
	enum err err = store_noted_begin(command->store);

	if (err)
		return err;
	err = store_key_add(command->store, key);
	if (!err)
		err = command_audit(command->store, "key.create",
			arena_printf(command->arena, "%.*s %.*s %.*s", STR_ARG(key->prefix),
				STR_ARG(key->scope), STR_ARG(key->name)),
			STR_EMPTY, 1);
	return store_noted_end(command->store, err);
}

/* Two random prefixes of 32 bits may be the same; a third try will not. */
static int create(const struct key_command *command, const char *name)
{
	uint8_t random[KEY_RANDOM_BYTES];
	char text[KEY_TEXT_BYTES];
	struct store_key key;
	enum err err = ERR_EXISTS;
	int code;

	if (!read_key(command, name, &key, &code))
		return code;
	for (int attempt = 0; attempt < 3 && err == ERR_EXISTS; attempt++) {
		if (getrandom(random, sizeof random, 0) != sizeof random)
			return command_failed("no random bytes from the system");
		key_make(random, text);
		if (!key_prefix(str_from(text, sizeof text), &key.prefix))
			return command_failed("a key was made that is none");
		key_digest(str_from(text, sizeof text), key.digest);
		err = add_noted(command, &key);
	}
	if (err) {
		code = failed(command, err);
	} else {
		printf("%.*s\n", KEY_TEXT_BYTES, text);
		fputs("Keep it: it is not stored and cannot be shown again.\n", stderr);
	}
	explicit_bzero(random, sizeof random);
	explicit_bzero(text, sizeof text);
	return code;
}

/* ---- list and revoke ---- */

static const char *moment(struct arena *arena, int64_t at_us)
{
	char room[TIMESTAMP_TEXT_BYTES];

	if (at_us == TIMESTAMP_NONE)
		return "-";
	return arena_c(arena, timestamp_format(timestamp_floor(at_us, TIMESTAMP_SECOND_US), room));
}

static bool print_key(void *context, const struct store_key *key)
{
	const struct key_command *command = context;
	struct str streams = key->streams.n ? key->streams : STR("-");

	printf("%-9.*s %-6.*s %-21s %-21s %-21s %-21s %-12.*s %.*s\n", STR_ARG(key->prefix),
		STR_ARG(key->scope), moment(command->arena, key->created_us),
		moment(command->arena, key->expires_us), moment(command->arena, key->last_used_us),
		moment(command->arena, key->revoked_us), STR_ARG(streams), STR_ARG(key->name));
	return true;
}

static int list(struct key_command *command)
{
	enum err err;

	printf("%-9s %-6s %-21s %-21s %-21s %-21s %-12s %s\n", "PREFIX", "SCOPE", "CREATED",
		"EXPIRES", "LAST USED", "REVOKED", "STREAMS", "NAME");
	err = store_keys(command->store, print_key, command);
	return err ? failed(command, err) : EXIT_CODE_OK;
}

static enum err revoke_noted(struct store *store, struct str prefix)
{
	enum err err = store_noted_begin(store);

	if (err)
		return err;
	err = store_key_revoke(store, prefix, now_us());
	if (!err)
		err = command_audit(store, "key.revoke", prefix, STR_EMPTY, 1);
	return store_noted_end(store, err);
}

/* The whole key is as good as its prefix: that is what somebody who leaked one has at hand. */
static int revoke(const struct key_command *command, const char *text)
{
	struct str prefix = str_c(text);
	enum err err;

	if (str_starts(prefix, STR("bk_")))
		prefix = str_head(str_skip(prefix, 3), KEY_PREFIX_BYTES);
	err = utf8_valid(prefix) ? revoke_noted(command->store, prefix) : ERR_NOT_FOUND;
	if (err == ERR_NOT_FOUND)
		return command_failed("no key with the prefix %.*s is valid", STR_ARG(prefix));
	if (err)
		return failed(command, err);
	printf("%.*s is revoked; servers know it within seconds.\n", STR_ARG(prefix));
	return EXIT_CODE_OK;
}

static int run(struct key_command *command, int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "create"))
		return create(command, argv[2]);
	if (argc == 2 && !strcmp(argv[1], "list"))
		return list(command);
	if (argc == 3 && !strcmp(argv[1], "revoke"))
		return revoke(command, argv[2]);
	return command_misused("key", "one of create NAME, list or revoke PREFIX is needed");
}

static int connect_and_run(
	const struct config *config, struct key_command *command, int argc, char **argv)
{
	int code;

	command->store = command_store(config, command->arena, "bounced key");
	if (!command->store)
		return EXIT_CODE_FAILED;
	code = run(command, argc, argv);
	store_close(command->store);
	return code;
}

int cmd_key(int argc, char **argv)
{
	struct key_command command = { .scope = "read", .streams = "", .expires = "" };
	const char *path = NULL;
	const struct command_option options[] = { { "--config", &path, NULL },
		{ "--scope", &command.scope, NULL }, { "--stream", &command.streams, NULL },
		{ "--expires", &command.expires, NULL } };
	struct config *config;
	bool help;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	config = command_config(path);
	if (!config)
		return EXIT_CODE_USAGE;
	command.arena = arena_new();
	code = connect_and_run(config, &command, argc, argv);
	arena_free(command.arena);
	config_free(config);
	return code;
}
