/* cli/cmd_migrate.c -- `bounced migrate`: the schema of a configured database, brought up to date. */
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "core/attr.h"
#include "store/store.h"

#include <stdio.h>
#include <time.h>

enum { MIGRATE_WAIT_MS = 60000 };

static int migrate(void *context UNUSED, const struct config *config, struct arena *arena, int argc,
	char **argv)
{
	int64_t now_us = (int64_t)time(NULL) * TIMESTAMP_SECOND_US;
	struct store_migration done = { 0 };
	struct store *store;
	int code = EXIT_CODE_OK;
	enum err err;

	if (argc > 1)
		return command_misused("migrate", "does not take \"%s\"", argv[1]);
	store = command_store(config, arena, "bounced migrate");
	if (!store)
		return EXIT_CODE_FAILED;
	err = store_migrate(store, now_us, MIGRATE_WAIT_MS, &done);
	if (err)
		code = command_failed(
			"not migrated: %s: %.*s", err_text(err), STR_ARG(store_error(store)));
	else
		printf("The schema is at version %u; %u migration(s) applied now.\n", done.version,
			done.applied);
	store_close(store);
	return code;
}

int cmd_migrate(int argc, char **argv)
{
	return command_configured(argc, argv, NULL, 0, migrate, NULL);
}
