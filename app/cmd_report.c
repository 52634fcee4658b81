/* app/cmd_report.c -- `bounced report domains|recipient ADDRESS`: the store's answers in a terminal. */
#define _GNU_SOURCE
#include "app/commands.h"
#include "app/config_load.h"
#include "app/database.h"
#include "core/limits.h"
#include "core/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { REPORT_PROBLEM_BYTES = 4096, BAR_CELLS = 20, REPORT_EVENTS = 50, REPORT_DAYS_MAX = 3660 };

struct report_options {
	uint64_t days, limit;
	const char *stream;
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

/* What a peer wrote may hold control bytes; a terminal must not see them. */
static void print_text(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		putchar((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7F ? '?' : text.p[i]);
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
	print_text(row->domain.n ? utf8_head(row->domain, 32) : STR("(unknown)"));
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

	return (struct store_window){ to_us - (int64_t)options->days * TIMESTAMP_DAY_US, to_us,
		str_c(options->stream), STORE_BASIS_EVENT };
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
	print_text(event->diagnostic);
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
	const struct config *config, const struct report_options *options, int argc, char **argv)
{
	const struct store_options store_options = { .application_name = "bounced report" };
	struct buf problem = BUF_INIT(REPORT_PROBLEM_BYTES);
	struct arena *arena = arena_new();
	struct store *store = NULL;
	const char *conninfo;
	enum err err = database_conninfo(config, arena, &conninfo);
	int code = EXIT_CODE_OK;

	if (!err)
		err = store_open(conninfo, &store_options, &problem, &store);
	if (err)
		code = command_failed("no database: %.*s", STR_ARG(buf_str(&problem)));
	else if ((err = argc == 2 ? report_domains(store, options)
				  : report_recipient(store, options, argv[2])))
		code = command_failed("%s: %.*s", err_text(err), STR_ARG(store_error(store)));
	store_close(store);
	buf_release(&problem);
	arena_free(arena);
	return code;
}

int cmd_report(int argc, char **argv)
{
	const char *path = NULL, *days = "7", *limit = "30";
	struct report_options report_options = { .stream = "" };
	const struct command_option options[] = { { "--config", &path, NULL },
		{ "--days", &days, NULL }, { "--limit", &limit, NULL },
		{ "--stream", &report_options.stream, NULL } };
	struct config *config;
	bool help;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc < 2 || strcmp(argv[1], argc == 2 ? "domains" : "recipient") || argc > 3)
		return command_misused("report", "\"domains\" or \"recipient ADDRESS\" is needed");
	if (!str_to_u64(str_c(days), REPORT_DAYS_MAX, &report_options.days) || !report_options.days)
		return command_misused(
			"report", "--days takes a number from 1 to %d", REPORT_DAYS_MAX);
	if (!str_to_u64(str_c(limit), LIMIT_PAGE_ROWS, &report_options.limit) ||
		!report_options.limit)
		return command_misused(
			"report", "--limit takes a number from 1 to %u", LIMIT_PAGE_ROWS);
	config = config_load_or_say(path);
	if (!config)
		return EXIT_CODE_USAGE;
	code = report(config, &report_options, argc, argv);
	config_free(config);
	return code;
}
