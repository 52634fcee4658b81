#define _GNU_SOURCE
#include "cli/suppress/cmd_policy_backtest.h"

#include "cli/server/command_config.h"
#include "cli/command/import_progress.h"
#include "cli/suppress/backtest_table.h"
#include "cli/suppress/suppress_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SINCE_DAYS = 90, MOST_DAYS = 36500, OUTPUT_BYTES = 4 << 20 };

struct show {
	struct backtest_table *table;
	struct import_progress progress;
	char text[64];
};

static void found(void *context, const struct backtest_address *address)
{
	struct show *show = context;

	backtest_table_add(show->table, address);
}

static void progress(void *context, uint64_t events)
{
	struct show *show = context;

	snprintf(show->text, sizeof show->text, "%" PRIu64 " events", events);
	import_progress_show(&show->progress, 0, 0, STR_EMPTY, str_c(show->text));
}

/* "90d", or a moment. */
static bool read_since(const char *text, int64_t now_us, int64_t *ret_since_us)
{
	struct str s = str_c(text ? text : "");
	uint64_t days = SINCE_DAYS;

	if (text && !str_ends(s, STR("d")))
		return timestamp_parse(s, ret_since_us);
	if (text && !str_to_u64(str_head(s, s.n - 1), MOST_DAYS, &days))
		return false;
	*ret_since_us = now_us - (int64_t)days * TIMESTAMP_DAY_US;
	return true;
}

static bool load(const struct config *config, struct arena *arena, const char *path,
	struct suppress_settings *settings)
{
	struct str trouble;

	if (!suppress_settings_load(config, arena, settings, &trouble))
		return true;
	if (path)
		command_failed("%s: %.*s", path, STR_ARG(trouble));
	else
		command_failed("%.*s", STR_ARG(trouble));
	return false;
}

static int print(const struct show *show, const struct policy_options *options,
	const struct backtest_said *said)
{
	struct buf out = BUF_INIT(OUTPUT_BYTES);
	const struct backtest_table *table = show->table;
	bool written;

	if (options->format && !strcmp(options->format, "json"))
		backtest_table_json(table, said, &out);
	else {
		backtest_table_print(table, options->compare, &out);
		buf_printf(&out,
			"Judged %" PRIu64 " events of %" PRIu64 " addresses; %" PRIu64
			" of these are on the list by hand or import, and stay. Nothing was "
			"changed.\n",
			said->events, table->addresses, table->by_hand);
	}
	written = !buf_check(&out) && fwrite(out.p, 1, out.n, stdout) == out.n && !fflush(stdout);
	buf_release(&out);
	return written ? EXIT_CODE_OK : command_failed("cannot write to standard output");
}

static int run(const struct config *config, struct arena *arena,
	const struct policy_options *options, const struct suppress_settings sides[static 2])
{
	const size_t n_sides = options->policy ? 2 : 1;
	struct show show = { .table = arena_zalloc(arena, sizeof *show.table) };
	struct backtest backtest = { .sides = { &sides[0], &sides[1] },
		.n_sides = n_sides,
		.found = found,
		.progress = progress,
		.context = &show };
	struct backtest_said said = { .policy =
					      suppress_policy_version(&sides[n_sides - 1], arena) };
	struct store *store;
	enum err err;

	show.table->arena = arena;
	show.table->now_us = suppress_now_us();
	show.table->tried = n_sides - 1;
	if (options->compare)
		said.in_force = suppress_policy_version(&sides[0], arena);
	if (!read_since(options->since, show.table->now_us, &backtest.since_us))
		return command_misused("policy", "--since wants days, like 90d, or a date");
	said.since_us = backtest.since_us;
	store = command_store(config, arena, "bounced policy");
	if (!store)
		return EXIT_CODE_FAILED;
	import_progress_init(&show.progress);
	import_progress_show(
		&show.progress, 0, 0, STR_EMPTY, STR("the database sorts events by address"));
	err = backtest_run(store, &backtest, &said.events);
	import_progress_clear(&show.progress);
	if (err)
		command_failed("%.*s", STR_ARG(store_error(store)));
	store_close(store);
	return err ? EXIT_CODE_FAILED : print(&show, options, &said);
}

int cmd_policy_backtest(
	const struct config *config, struct arena *arena, const struct policy_options *options)
{
	struct suppress_settings *sides = arena_zalloc(arena, 2 * sizeof *sides);
	struct config *tried = NULL;
	int code = EXIT_CODE_USAGE;

	if (options->compare && !options->policy)
		return command_misused("policy", "--compare wants --policy FILE");
	if (options->format && strcmp(options->format, "json") && strcmp(options->format, "table"))
		return command_misused("policy", "--format is table or json");
	if (!load(config, arena, NULL, &sides[0]))
		return EXIT_CODE_USAGE;
	if (options->policy)
		tried = command_config_over(config, options->policy);
	if ((!options->policy || tried) &&
		(!tried || load(tried, arena, options->policy, &sides[1])))
		code = run(config, arena, options, sides);
	config_free(tried);
	return code;
}
