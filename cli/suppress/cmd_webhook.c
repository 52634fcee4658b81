/* cli/suppress/cmd_webhook.c -- `bounced webhook list|replay|test`. */
#define _GNU_SOURCE
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/suppress/suppress_command.h"
#include "core/config.h"
#include "store/store_hook.h"
#include "suppress/hook/hook_round.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct webhook {
	struct suppress common;
	const struct config *config;
	const char *operand; /* NULL: none */
};

static bool print_message(void *context UNUSED, const struct store_hook_message *message)
{
	char created[TIMESTAMP_TEXT_BYTES], due[TIMESTAMP_TEXT_BYTES];

	printf("%" PRId64 "\t%.*s\t%.*s\t%s\t%.*s\t%" PRIu64 "\t%.*s\t%.*s\n", message->id,
		STR_ARG(message->target), STR_ARG(message->kind),
		message->dead ? "dead" : "waiting",
		STR_ARG(timestamp_format(message->created_us, created)), message->attempts,
		STR_ARG(timestamp_format(message->due_us, due)),
		STR_ARG(message->error.n ? message->error : STR("-")));
	return true;
}

static int run_list(struct webhook *w)
{
	enum err err = store_hook_list(w->common.store, print_message, NULL);

	if (err)
		return suppress_failed(&w->common, err);
	return fflush(stdout) ? command_failed("cannot write to standard output") : EXIT_CODE_OK;
}

static int run_replay(struct webhook *w)
{
	uint64_t id = 0;
	size_t n = 0;
	enum err err;

	if (!w->operand || (strcmp(w->operand, "all") != 0 &&
				   (!str_to_u64(str_c(w->operand), INT64_MAX, &id) || !id)))
		return command_misused(
			"webhook", "a number of \"bounced webhook list\" is needed, or all");
	err = store_hook_replay(w->common.store, (int64_t)id, suppress_now_us(), &n);
	if (err)
		return suppress_failed(&w->common, err);
	if (!n)
		return command_failed("no such message was given up");
	printf("%zu due again\n", n);
	return EXIT_CODE_OK;
}

static int run_test(struct webhook *w)
{
	struct hook_target *targets = arena_calloc(w->common.arena, HOOK_TARGETS, sizeof *targets);
	struct hook_round round = { .targets = targets, .now_us = suppress_now_us };
	struct str trouble;
	enum err err = hook_targets_read(w->common.arena,
		config_str(w->config, CONFIG_WEBHOOK_TARGETS), targets, &round.n, &trouble);

	if (err)
		return command_failed("%.*s", STR_ARG(trouble));
	for (size_t i = 0; i < round.n && w->operand; i++) {
		if (!str_eq(targets[i].name, str_c(w->operand)))
			continue;
		if (targets[i].kind != HOOK_GENERIC)
			return command_failed("this kind of target takes failures alone");
		err = hook_round_test(&round, w->common.store, i);
		return err ? suppress_failed(&w->common, err) : EXIT_CODE_OK;
	}
	return command_misused("webhook", "a target of webhook.targets is needed");
}

static const struct {
	const char *name;
	int (*run)(struct webhook *w);
} verbs[] = { { "list", run_list }, { "replay", run_replay }, { "test", run_test } };

static int open_and_run(struct webhook *w, size_t verb)
{
	int code;

	w->common.store = command_store(w->config, w->common.arena, "bounced webhook");
	if (!w->common.store)
		return EXIT_CODE_FAILED;
	code = verbs[verb].run(w);
	store_close(w->common.store);
	return code;
}

int cmd_webhook(int argc, char **argv)
{
	struct webhook w = { .operand = NULL };
	const char *path = NULL;
	const struct command_option options[] = { { "--config", &path, NULL } };
	struct config *config;
	int code = EXIT_CODE_USAGE;
	size_t verb = 0;
	bool help;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	while (argc > 1 && verb < ARRAY_LEN(verbs) && strcmp(argv[1], verbs[verb].name))
		verb++;
	if (argc < 2 || verb == ARRAY_LEN(verbs))
		return command_misused("webhook", "one of list, replay or test is needed");
	config = command_config(path);
	if (!config)
		return code;
	w.config = config;
	w.operand = argc > 2 ? argv[2] : NULL;
	w.common.arena = arena_new();
	code = open_and_run(&w, verb);
	arena_free(w.common.arena);
	config_free(config);
	return code;
}
