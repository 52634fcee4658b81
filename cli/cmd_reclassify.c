/* cli/cmd_reclassify.c -- `bounced reclassify`: today's rules over the events that are kept. */
#define _GNU_SOURCE
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/command_since.h"
#include "cli/command/commands.h"
#include "cli/command/import_progress.h"
#include "cli/tools/rules_load.h"
#include "core/attr.h"
#include "core/limits.h"
#include "core/timestamp.h"
#include "store/store_reclass.h"
#include "suppress/suppress_settings.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SINCE_DAYS = 30, MOVES = 512 };

/* The only global: a signal handler has no other way to say it. */
static volatile sig_atomic_t stopped;

static void stop_reclassify(int signal_number UNUSED)
{
	stopped = 1;
}

/* A line of the table: from what to what, and how often. */
struct move {
	enum reason from, to;
	enum reason_class class;
	uint64_t n;
};

struct run {
	struct parser *parser;
	struct arena *arena; /* of the rows at hand */
	struct store_reclass rows[RECLASS_ROWS];
	size_t n;
	struct move moves[MOVES];
	size_t n_moves;
	uint64_t looked_at, changed;
};

/* ---- the verdict of today ---- */

/* The event of a raw mail, if today's parser finds the same one: its place and its words. */
static bool judge_raw(
	struct run *run, const struct store_reclass_event *event, struct event *ret_event)
{
	struct report report;

	if (!event->raw.n)
		return false;
	parse_message(run->parser, run->arena, NULL, event->raw, &report);
	if (!event->number || event->number > report.n_events)
		return false;
	*ret_event = report.events[event->number - 1];
	return str_eq(ret_event->diagnostic, event->diagnostic) &&
	       ret_event->outcome == event->outcome;
}

/* By the words alone, with the code that was beside them. They say less than the mail did: what they do not tell stays. */
static bool judge_words(
	struct run *run, const struct store_reclass_event *event, struct event *ret_event)
{
	bool coded = str_find(event->diagnostic, event->status) != STR_NPOS;
	size_t lead = coded || !event->status.n ? 0 : event->status.n + 1;
	struct str text = lead ? arena_printf(run->arena, "%.*s %.*s", STR_ARG(event->status),
					 STR_ARG(event->diagnostic))
			       : event->diagnostic;

	parse_reply(run->parser, run->arena, text, event->remote_mta, ret_event);
	if (ret_event->rule.layer > LAYER_LIKENESS)
		return false;
	if (event->outcome == OUTCOME_DELAYED && ret_event->class == CLASS_HARD)
		ret_event->class = CLASS_SOFT;
	ret_event->rule.span_from -=
		ret_event->rule.span_from < lead ? ret_event->rule.span_from : lead;
	ret_event->rule.span_to -= ret_event->rule.span_to < lead ? ret_event->rule.span_to : lead;
	return true;
}

static void count_move(struct run *run, const struct store_reclass *row)
{
	size_t i = 0;

	while (i < run->n_moves &&
		(run->moves[i].from != row->old_reason || run->moves[i].to != row->reason ||
			run->moves[i].class != row->class))
		i++;
	if (i == MOVES)
		return;
	if (i == run->n_moves)
		run->moves[run->n_moves++] =
			(struct move){ row->old_reason, row->reason, row->class, 0 };
	run->moves[i].n++;
}

static void judge(void *context, const struct store_reclass_event *event)
{
	enum reason old = REASON_NONE;
	struct store_reclass *row;
	struct run *run = context;
	struct event verdict;

	run->looked_at++;
	if (!reason_from_name(event->reason, &old) ||
		(!judge_raw(run, event, &verdict) && !judge_words(run, event, &verdict)))
		return;
	if (verdict.reason == REASON_NONE ||
		(verdict.reason == old && str_eq(reason_class_name(verdict.class), event->class)))
		return;
	row = &run->rows[run->n++];
	*row = (struct store_reclass){ event->id, event->received_at_us, old, verdict.reason,
		verdict.class, verdict.rule, verdict.confidence };
	row->rule.id = arena_dup(run->arena, verdict.rule.id);
	count_move(run, row);
}

/* ---- the table ---- */

static int compare_moves(const void *a, const void *b)
{
	const struct move *x = a, *y = b;

	return (x->n < y->n) - (x->n > y->n);
}

static void print_table(struct run *run)
{
	qsort(run->moves, run->n_moves, sizeof *run->moves, compare_moves);
	if (run->n_moves)
		printf("%10s  %-28s  %-28s  %s\n", "events", "from", "to", "class");
	for (size_t i = 0; i < run->n_moves; i++) {
		const struct move *move = &run->moves[i];

		printf("%10llu  %-28.*s  %-28.*s  %.*s\n", (unsigned long long)move->n,
			STR_ARG(reason_name(move->from)), STR_ARG(reason_name(move->to)),
			STR_ARG(reason_class_name(move->class)));
	}
}

/* ---- the run ---- */

struct options {
	const char *since, *after;
	bool dry_run;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

/* Pages until there are no more, or a signal came: then *at is where the next run goes on. */
static enum err work(struct run *run, struct store *store, const struct store_judge *judged,
	int64_t since_us, bool dry_run, struct uuid *at, bool *has_at)
{
	struct import_progress progress;
	enum err err = ERR_OK;
	size_t n = 1, changed;

	import_progress_init(&progress);
	while (!err && n && !stopped) {
		struct uuid last = *at;

		run->n = 0;
		arena_reset(run->arena);
		err = store_reclass_read(
			store, since_us, *has_at ? at : NULL, judge, run, &last, &n);
		if (!err && run->n && !dry_run) {
			err = store_reclass_apply(
				store, judged, run->rows, run->n, now_us(), &changed);
			run->changed += err ? 0 : changed;
		}
		if (err || !n)
			break;
		*at = last;
		*has_at = true;
		import_progress_show(&progress, 0, 0, STR_EMPTY,
			arena_printf(
				run->arena, "%llu events", (unsigned long long)run->looked_at));
	}
	import_progress_clear(&progress);
	return err;
}

static int report(struct run *run, const struct options *options, const struct uuid *at)
{
	char room[UUID_TEXT_BYTES];

	print_table(run);
	if (options->dry_run)
		printf("Looked at %llu events; nothing was changed.\n",
			(unsigned long long)run->looked_at);
	else
		printf("Looked at %llu events, changed %llu.\n", (unsigned long long)run->looked_at,
			(unsigned long long)run->changed);
	if (!stopped)
		return fflush(stdout) ? command_failed("cannot write to standard output")
				      : EXIT_CODE_OK;
	printf("Stopped by a signal: --after %.*s goes on from there.\n",
		STR_ARG(uuid_format(at, room)));
	return EXIT_CODE_FAILED;
}

static int reclassify_in(struct run *run, struct store *store, const struct config *config,
	struct arena *arena, const struct options *options)
{
	struct suppress_settings settings;
	struct store_judge judged;
	struct judge judge_of;
	struct str trouble = STR_EMPTY;
	struct uuid at = { { 0 } };
	bool has_at = options->after != NULL;
	int64_t since_us;
	enum err err;

	if (!command_since(options->since, SINCE_DAYS, now_us(), &since_us))
		return command_misused("reclassify", "--since wants days, like 30d, or a date");
	if (has_at && !uuid_parse(str_c(options->after), &at))
		return command_misused("reclassify", "--after wants the id of an event");
	if (suppress_settings_load(config, arena, &settings, &trouble))
		return command_failed("%.*s", STR_ARG(trouble));
	suppress_judge(&settings, &judge_of, &judged);
	err = work(run, store, &judged, since_us, options->dry_run, &at, &has_at);
	if (err)
		return command_failed("%.*s; what was changed before stays, and a new run goes on",
			STR_ARG(store_error(store)));
	return report(run, options, &at);
}

static int reclassify(void *context, const struct config *config, struct arena *arena, int argc,
	char **argv UNUSED)
{
	const struct sigaction action = { .sa_handler = stop_reclassify, .sa_flags = SA_RESETHAND };
	const char *file = arena_c(arena, config_str(config, CONFIG_PARSER_RULES_FILE));
	struct parse_rules *rules;
	struct store *store;
	struct run *run;
	int code;

	if (argc != 1)
		return command_misused("reclassify", "it takes options alone");
	rules = rules_load_or_say(*file ? file : NULL);
	if (!rules)
		return EXIT_CODE_USAGE;
	store = command_store(config, arena, "bounced reclassify");
	if (!store) {
		parse_rules_free(rules);
		return EXIT_CODE_FAILED;
	}
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	run = calloc(1, sizeof *run);
	if (!run)
		abort();
	run->parser = parser_new(rules);
	run->arena = arena_new();
	code = reclassify_in(run, store, config, arena, context);
	arena_free(run->arena);
	parser_free(run->parser);
	free(run);
	store_close(store);
	parse_rules_free(rules);
	return code;
}

int cmd_reclassify(int argc, char **argv)
{
	struct options options = { NULL, NULL, false };
	const struct command_option all[] = { { "--since", &options.since, NULL },
		{ "--after", &options.after, NULL }, { "--dry-run", NULL, &options.dry_run } };

	return command_configured(argc, argv, all, ARRAY_LEN(all), reclassify, &options);
}
