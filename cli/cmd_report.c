/* cli/cmd_report.c -- `bounced report domains|recipient ADDRESS`: the store's answers in a terminal. */
#define _GNU_SOURCE
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/command/terminal.h"
#include "core/attr.h"
#include "core/limits.h"
#include "core/utf8.h"
#include "store/store.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { BAR_CELLS = 20, REPORT_EVENTS = 50, REPORT_DAYS_MAX = 3660 };

struct report_options {
	const char *days_text, *limit_text, *stream;
	uint64_t days, limit;
};

/* A bar of eighths of a cell: U+2588 is a whole one, U+258F an eighth. */
static void print_bar(double share)
{
	static const char *const eighths[] = { "", "\u258F", "\u258E", "\u258D", "\u258C", "\u258B",
		"\u258A", "\u2589" };
	unsigned filled = share <= 0 ? 0 : (unsigned)(share * BAR_CELLS * 8 + 0.5), cells;

	if (filled > BAR_CELLS * 8)
		filled = BAR_CELLS * 8;
	for (cells = 0; cells < filled / 8; cells++)
		fputs("\u2588", stdout);
	if (filled % 8) {
		fputs(eighths[filled % 8], stdout);
		cells++;
	}
	printf("%*s", (int)(BAR_CELLS - cells), "");
}

struct domain_table {
	uint64_t largest; /* failed, of the first row: rows come sorted by it */
	size_t rows;
};

static bool print_domain(void *context, const struct store_domain_row *row)
{
	const struct store_counts *counts = &row->counts;
	struct domain_table *table = context;

	if (!table->rows++) {
		table->largest = counts->failed;
		printf("%-32s %10s %8s %7s %7s %7s %8s\n", "domain", "attempted", "failed", "hard",
			"soft", "block", "rate");
	}
	terminal_print(row->domain.n ? utf8_head(row->domain, 32) : STR("(unknown)"));
	printf("%*s ", (int)(row->domain.n < 32 ? 32 - (row->domain.n ? row->domain.n : 9) : 0),
		"");
	if (counts->has_volume)
		printf("%10" PRIu64, counts->attempted);
	else
		printf("%10s", "-");
	printf(" %8" PRIu64 " %7" PRIu64 " %7" PRIu64 " %7" PRIu64, counts->failed, counts->hard,
		counts->soft, counts->block);
	if (counts->has_volume && counts->attempted && counts->failed_covered <= counts->attempted)
		printf(" %7.2f%%  ",
			100.0 * (double)counts->failed_covered / (double)counts->attempted);
	else
		printf(" %8s  ", "-");
	print_bar(table->largest ? (double)counts->failed / (double)table->largest : 0);
	putchar('\n');
	return true;
}

static struct store_window window_of(const struct report_options *options)
{
	int64_t now_us = (int64_t)time(NULL) * TIMESTAMP_SECOND_US;
	int64_t to_us = timestamp_floor(now_us, TIMESTAMP_HOUR_US) + TIMESTAMP_HOUR_US;

	return (struct store_window){ .from_us = to_us - (int64_t)options->days * TIMESTAMP_DAY_US,
		.to_us = to_us,
		.stream = str_c(options->stream) };
}

static enum err report_domains(struct store *store, const struct report_options *options)
{
	struct store_domains_query query = {
		.window = window_of(options), .sort = STORE_SORT_FAILED, .limit = options->limit
	};
	struct domain_table table = { 0 };
	enum err err = store_domains(store, &query, print_domain, &table);

	if (!err && !table.rows)
		puts("Nothing failed, and no volume is known, in this time.");
	return err;
}

static bool print_event(void *context, const struct store_event *stored)
{
	const struct event *event = &stored->event;
	char room[TIMESTAMP_TEXT_BYTES];
	size_t *rows = context;
	int64_t second_us = timestamp_floor(stored->received_at_us, TIMESTAMP_SECOND_US);

	++*rows;
	printf("%.*s  %-9.*s %-5.*s %-22.*s ", STR_ARG(timestamp_format(second_us, room)),
		STR_ARG(outcome_name(event->outcome)), STR_ARG(reason_class_name(event->class)),
		STR_ARG(reason_name(event->reason)));
	terminal_print(event->diagnostic);
	printf("\n%22s rule %.*s\n", "", STR_ARG(event->rule.id));
	return true;
}

static enum err report_recipient(
	struct store *store, const struct report_options *options, const char *address)
{
	struct store_window window = window_of(options);
	struct store_events_query query;
	size_t rows = 0;
	enum err err;

	store_events_query_init(&query);
	query.from_us = window.from_us;
	query.to_us = window.to_us;
	query.recipient = str_c(address);
	query.stream = window.stream;
	query.limit = options->limit < REPORT_EVENTS ? options->limit : REPORT_EVENTS;
	err = store_events(store, &query, print_event, &rows);
	if (!err && !rows)
		printf("No event about %s in the last %" PRIu64 " days.\n", address, options->days);
	return err;
}

static int report(
	void *context, const struct config *config, struct arena *arena, int argc, char **argv)
{
	const struct report_options *options = context;
	struct store *store;
	int code = EXIT_CODE_OK;
	enum err err;

	if (argc < 2 || argc > 3 || strcmp(argv[1], argc == 2 ? "domains" : "recipient"))
		return command_misused("report", "\"domains\" or \"recipient ADDRESS\" is needed");
	store = command_store(config, arena, "bounced report");
	if (!store)
		return EXIT_CODE_FAILED;
	err = argc == 2 ? report_domains(store, options)
			: report_recipient(store, options, argv[2]);
	if (err)
		code = command_failed("%s: %.*s", err_text(err), STR_ARG(store_error(store)));
	store_close(store);
	return code;
}

static int run_report(
	void *context, const struct config *config, struct arena *arena, int argc, char **argv)
{
	struct report_options *options = context;

	if (!str_to_u64(str_c(options->days_text), REPORT_DAYS_MAX, &options->days) ||
		!options->days)
		return command_misused(
			"report", "--days takes a number from 1 to %d", REPORT_DAYS_MAX);
	if (!str_to_u64(str_c(options->limit_text), LIMIT_PAGE_ROWS, &options->limit) ||
		!options->limit)
		return command_misused(
			"report", "--limit takes a number from 1 to %u", LIMIT_PAGE_ROWS);
	return report(context, config, arena, argc, argv);
}

int cmd_report(int argc, char **argv)
{
	struct report_options report_options = {
		.days_text = "7", .limit_text = "30", .stream = ""
	};
	const struct command_option options[] = { { "--days", &report_options.days_text, NULL },
		{ "--limit", &report_options.limit_text, NULL },
		{ "--stream", &report_options.stream, NULL } };

	return command_configured(
		argc, argv, options, ARRAY_LEN(options), run_report, &report_options);
}
