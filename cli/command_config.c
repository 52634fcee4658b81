/* cli/command_config.c -- what a command prints where its settings or its database are out of reach. */
#include "cli/commands.h"
#include "serve/config_load.h"
#include "store/database_settings.h"
#include "store/store.h"

enum { DATABASE_PROBLEM_BYTES = 4096 };

struct config *command_config(const char *path)
{
	struct arena *arena = arena_new();
	struct config *config = config_new();
	struct str trouble = STR_EMPTY;
	enum err err = config_load(config, path, arena, &trouble);

	if (err) {
		command_failed("%.*s", STR_ARG(trouble));
		config_free(config);
		config = NULL;
	}
	arena_free(arena);
	return config;
}

struct store *command_store(const struct config *config, struct arena *arena, const char *name)
{
	const struct store_options options = { .application_name = name };
	struct buf problem = BUF_INIT(DATABASE_PROBLEM_BYTES);
	struct store *store = NULL;
	const char *conninfo;
	enum err err = database_conninfo(config, arena, &conninfo);

	if (!err)
		err = store_open(conninfo, &options, &problem, &store);
	if (err)
		command_failed("no database: %.*s%s", STR_ARG(buf_str(&problem)),
			database_is_private(config)
				? " (the private cluster runs only under \"bounced serve\")"
				: "");
	buf_release(&problem);
	return store;
}
