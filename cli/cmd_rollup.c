/* cli/cmd_rollup.c -- `bounced rollup check|rebuild`: are the counts what the kept events and volumes say, and making them anew. */
#define _GNU_SOURCE
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/command_since.h"
#include "cli/command/commands.h"
#include "cli/command/import_progress.h"
#include "core/timestamp.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SINCE_DAYS = 30, ROLLUP_DIFFERS = 3 /* exit code */ };

struct rollup {
	const char *since;
	bool rebuilds;
	struct store *store;
	int64_t from_us, to_us; /* whole days */
	uint64_t days, differences, gone;
};

static void print_day(int64_t day_us, const char *text)
{
	char room[TIMESTAMP_TEXT_BYTES];

	printf("%.10s\t%s\n", timestamp_format(day_us, room).p, text);
}

/* A day whose events were dropped has nothing to be compared with, and its counts are all that is left of it. */
static enum err run_day(struct rollup *r, int64_t day_us)
{
	int64_t end_us = day_us + TIMESTAMP_DAY_US;
	uint64_t n = 0;
	char text[64];
	enum err err = r->rebuilds ? store_rollup_rebuild(r->store, day_us, end_us)
				   : store_rollup_check(r->store, day_us, end_us, &n);

	if (err == ERR_RANGE) {
		r->gone++;
		return ERR_OK;
	}
	if (err)
		return err;
	r->days++;
	r->differences += n;
	if (n) {
		snprintf(text, sizeof text, "%" PRIu64 " rows are not what the events say", n);
		print_day(day_us, text);
	}
	return ERR_OK;
}

static int report(const struct rollup *r)
{
	if (r->gone)
		printf("%" PRIu64
		       " days were passed over: their events are dropped, their counts stay.\n",
			r->gone);
	if (r->rebuilds)
		printf("%" PRIu64 " days were made anew.\n", r->days);
	else
		printf("%" PRIu64 " days: %" PRIu64 " differences.%s\n", r->days, r->differences,
			r->differences ? " bounced rollup rebuild makes them anew." : "");
	return r->differences ? ROLLUP_DIFFERS : EXIT_CODE_OK;
}

static int run_days(struct rollup *r)
{
	uint64_t n = (uint64_t)((r->to_us - r->from_us) / TIMESTAMP_DAY_US);
	struct import_progress progress;
	enum err err = ERR_OK;

	import_progress_init(&progress);
	for (uint64_t i = 0; i < n && !err; i++) {
		import_progress_show(&progress, i, n, STR("days"), STR_EMPTY);
		err = run_day(r, r->from_us + (int64_t)i * TIMESTAMP_DAY_US);
	}
	import_progress_clear(&progress);
	if (err)
		return command_failed("%s: %.*s", err_text(err), STR_ARG(store_error(r->store)));
	return report(r);
}

static int rollup(
	void *context, const struct config *config, struct arena *arena, int argc, char **argv)
{
	struct rollup *r = context;
	int64_t now_us = (int64_t)time(NULL) * TIMESTAMP_SECOND_US, since_us = 0;
	int code;

	if (argc != 2 || (strcmp(argv[1], "check") && strcmp(argv[1], "rebuild")))
		return command_misused("rollup", "check or rebuild is needed");
	if (!command_since(r->since, SINCE_DAYS, now_us, &since_us) || since_us > now_us)
		return command_misused("rollup", "--since wants days, like 30d, or a date");
	r->rebuilds = !strcmp(argv[1], "rebuild");
	r->from_us = timestamp_floor(since_us, TIMESTAMP_DAY_US);
	r->to_us = timestamp_floor(now_us, TIMESTAMP_DAY_US) + TIMESTAMP_DAY_US;
	r->store = command_store(config, arena, "bounced rollup");
	if (!r->store)
		return EXIT_CODE_FAILED;
	code = run_days(r);
	store_close(r->store);
	return code;
}

int cmd_rollup(int argc, char **argv)
{
	struct rollup r = { .since = NULL };
	const struct command_option options[] = { { "--since", &r.since, NULL } };

	return command_configured(argc, argv, options, ARRAY_LEN(options), rollup, &r);
}
