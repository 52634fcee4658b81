/* app/cmd_erase.c -- `bounced erase ADDRESS`: forgets whose the events of an address are. */
#include "app/commands.h"
#include "app/config_load.h"
#include "app/database.h"
#include "store/store_erase.h"

#include <stdio.h>

enum { ERASE_PROBLEM_BYTES = 4096 };

static int erase(const struct config *config, struct arena *arena, const char *address)
{
	const struct store_options options = { .application_name = "bounced erase" };
	struct buf problem = BUF_INIT(ERASE_PROBLEM_BYTES);
	struct store_erased erased = { 0 };
	struct store *store = NULL;
	const char *conninfo;
	enum err err = database_conninfo(config, arena, &conninfo);
	int code = EXIT_CODE_OK;

	if (!err)
		err = store_open(conninfo, &options, &problem, &store);
	if (err)
		code = command_failed("no database: %.*s", STR_ARG(buf_str(&problem)));
	else if ((err = store_erase(store, str_c(address), &erased)))
		code = command_failed(
			"nothing was erased: %s: %.*s", err_text(err), STR_ARG(store_error(store)));
	else
		printf("Emptied %zu events and %zu messages, deleted the bytes of %zu.\n"
		       "Counts stay, and so does an entry in the suppression list.\n",
			erased.events, erased.messages, erased.raw);
	store_close(store);
	buf_release(&problem);
	return code;
}

int cmd_erase(int argc, char **argv)
{
	const char *path = NULL;
	const struct command_option options[] = { { "--config", &path, NULL } };
	struct config *config;
	struct arena *arena;
	bool help;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc != 2 || str_chr(str_c(argv[1]), '@') == STR_NPOS)
		return command_misused("erase", "one ADDRESS is needed");
	config = config_load_or_say(path);
	if (!config)
		return EXIT_CODE_USAGE;
	arena = arena_new();
	code = erase(config, arena, argv[1]);
	arena_free(arena);
	config_free(config);
	return code;
}
