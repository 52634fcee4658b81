/* cli/cmd_retention.c -- `bounced retention`: does deleting by age go on, and what a person says where it waits. */
#include "cli/server/command_audit.h"
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "core/attr.h"
#include "store/store_access.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RETENTION_WAITS = 3 }; /* exit code */

static void print_moment(const char *label, int64_t at_us)
{
	char room[TIMESTAMP_TEXT_BYTES];

	printf("%s\t%.*s\n", label,
		STR_ARG(at_us == TIMESTAMP_NONE ? STR("-") : timestamp_format(at_us, room)));
}

static int show(struct store *store, int64_t now_us)
{
	struct store_clock clock;
	enum err err = store_clock_look(store, now_us, &clock);

	if (err)
		return command_failed("%s: %.*s", err_text(err), STR_ARG(store_error(store)));
	print_moment("clock", now_us);
	print_moment("believed", clock.last_us);
	print_moment("newest_message", clock.newest_us);
	printf("retention\t%s\n",
		clock.believed ? "goes on"
			       : "waits: is the clock right? then: bounced retention resume");
	return clock.believed ? EXIT_CODE_OK : RETENTION_WAITS;
}

static int resume(struct store *store, int64_t now_us)
{
	char room[TIMESTAMP_TEXT_BYTES];
	enum err err = store_noted_begin(store);

	if (!err) {
		err = store_clock_believe(store, now_us);
		if (!err)
			err = command_audit(store, "retention.resume", STR_EMPTY, STR_EMPTY, 1);
		err = store_noted_end(store, err);
	}
	if (err)
		return command_failed("%s: %.*s", err_text(err), STR_ARG(store_error(store)));
	printf("The clock is believed: %.*s.\n", STR_ARG(timestamp_format(now_us, room)));
	return EXIT_CODE_OK;
}

static int retention(void *context UNUSED, const struct config *config, struct arena *arena,
	int argc, char **argv)
{
	int64_t now_us = (int64_t)time(NULL) * TIMESTAMP_SECOND_US;
	bool wants_resume = argc > 1 && !strcmp(argv[1], "resume");
	struct store *store;
	int code;

	if (argc > 2 || (argc > 1 && !wants_resume))
		return command_misused(
			"retention", "does not take \"%s\"", argv[wants_resume ? 2 : 1]);
	store = command_store(config, arena, "bounced retention");
	if (!store)
		return EXIT_CODE_FAILED;
	code = wants_resume ? resume(store, now_us) : show(store, now_us);
	store_close(store);
	return code;
}

int cmd_retention(int argc, char **argv)
{
	return command_configured(argc, argv, NULL, 0, retention, NULL);
}
