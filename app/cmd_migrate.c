/* app/cmd_migrate.c -- `bounced migrate`: the schema of a configured database, brought up to date. */
#include "app/commands.h"
#include "app/config_load.h"
#include "app/database.h"
#include "app/settings.h"

#include <stdio.h>
#include <time.h>

enum { PROBLEM_BYTES = 4096, MIGRATE_WAIT_MS = 60000 };

static int migrate(const struct config *config, struct arena *arena)
{
	const struct store_options options = { .application_name = "bounced migrate" };
	struct buf problem = BUF_INIT(PROBLEM_BYTES);
	struct store_migration done = { 0 };
	struct store *store = NULL;
	const char *conninfo;
	enum err err = database_conninfo(config, arena, &conninfo);
	int code = EXIT_CODE_OK;

	if (!err)
		err = store_open(conninfo, &options, &problem, &store);
	if (err) {
		code = command_failed("no database: %.*s%s", STR_ARG(buf_str(&problem)),
			settings_private_cluster(config)
				? " (the private cluster runs only under \"bounced serve\")"
				: "");
	} else if ((err = store_migrate(store, (int64_t)time(NULL) * TIMESTAMP_SECOND_US,
			    MIGRATE_WAIT_MS, &done))) {
		code = command_failed(
			"not migrated: %s: %.*s", err_text(err), STR_ARG(store_error(store)));
	} else {
		printf("The schema is at version %u; %u migration(s) applied now.\n", done.version,
			done.applied);
	}
	store_close(store);
	buf_release(&problem);
	return code;
}

int cmd_migrate(int argc, char **argv)
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
	if (argc > 1)
		return command_misused("migrate", "does not take \"%s\"", argv[1]);
	config = config_load_or_say(path);
	if (!config)
		return EXIT_CODE_USAGE;
	arena = arena_new();
	code = migrate(config, arena);
	arena_free(arena);
	config_free(config);
	return code;
}
