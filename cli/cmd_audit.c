/* cli/cmd_audit.c -- `bounced audit`: who changed what. */
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/command/terminal.h"
#include "core/limits.h"
#include "store/store_access.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

struct audit_options {
	const char *since, *action, *limit;
};

static void print_text(struct str text)
{
	putchar('\t');
	terminal_print(text.n ? text : STR("-"));
}

static bool print_row(void *context, const struct store_audit *audit)
{
	char room[TIMESTAMP_TEXT_BYTES];

	(void)context;
	printf("%.*s", STR_ARG(timestamp_format(audit->at_us, room)));
	print_text(audit->who);
	print_text(audit->action);
	printf("\t%" PRIu64, audit->n);
	print_text(audit->subject);
	print_text(audit->address);
	print_text(audit->note);
	putchar('\n');
	return true;
}

static bool read_options(const struct audit_options *options, struct store_audit_query *query)
{
	uint64_t limit;

	if (*options->since && !timestamp_parse(str_c(options->since), &query->from_us)) {
		command_misused(
			"audit", "--since %s: no moment, such as 2026-11-23", options->since);
		return false;
	}
	if (!str_to_u64(str_c(options->limit), LIMIT_PAGE_ROWS, &limit) || !limit) {
		command_misused("audit", "--limit is 1 to %d", LIMIT_PAGE_ROWS);
		return false;
	}
	query->limit = (size_t)limit;
	return true;
}

static int audit(
	void *context, const struct config *config, struct arena *arena, int argc, char **argv)
{
	const struct audit_options *options = context;
	struct store_audit_query query = { .from_us = 0,
		.to_us = (int64_t)time(NULL) * TIMESTAMP_SECOND_US + TIMESTAMP_DAY_US,
		.action = str_c(options->action) };
	struct store *store;
	enum err err;
	int code = EXIT_CODE_OK;

	if (argc > 1)
		return command_misused("audit", "does not take \"%s\"", argv[1]);
	if (!read_options(options, &query))
		return EXIT_CODE_USAGE;
	store = command_store(config, arena, "bounced audit");
	if (!store)
		return EXIT_CODE_FAILED;
	err = store_audits(store, &query, print_row, NULL);
	if (err)
		code = command_failed("%s: %.*s", err_text(err), STR_ARG(store_error(store)));
	store_close(store);
	return code;
}

int cmd_audit(int argc, char **argv)
{
	struct audit_options audit_options = { "", "", "100" };
	const struct command_option options[] = { { "--since", &audit_options.since, NULL },
		{ "--action", &audit_options.action, NULL },
		{ "--limit", &audit_options.limit, NULL } };

	return command_configured(argc, argv, options, ARRAY_LEN(options), audit, &audit_options);
}
