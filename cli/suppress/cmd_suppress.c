/* cli/suppress/cmd_suppress.c -- `bounced suppress list|add|allow|remove`; check is cmd_suppress_check.c, lists in and out are
 * cmd_suppress_lists.c. */
#define _GNU_SOURCE
#include "cli/server/command_audit.h"
#include "cli/server/command_config.h"
#include "cli/command/commands.h"
#include "cli/command/terminal.h"
#include "cli/suppress/cmd_suppress_amend.h"
#include "cli/suppress/cmd_suppress_check.h"
#include "cli/suppress/cmd_suppress_lists.h"
#include "cli/suppress/suppress_command.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/config.h"
#include "core/limits.h"
#include "store/store.h"
#include "store/store_access.h"
#include "suppress/entry.h"
#include "suppress/policy/meaning.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- list ---- */

/* For people: a line each, columns apart by a tab. */
struct lines {
	struct arena *arena;
	struct store_suppression_place last;
	int64_t now_us;
	size_t n;
};

static bool print_line(void *context, const struct store_suppression *row)
{
	struct lines *lines = context;
	bool over = meaning_of(row, lines->now_us) == MEANING_EXPIRED;
	struct str state = suppression_state_name(over ? SUPPRESSION_EXPIRED : row->state);
	struct str reason = reason_name(row->reason);
	char room[TIMESTAMP_TEXT_BYTES];

	terminal_print(row->address);
	putchar('\t');
	terminal_print(row->stream.n ? row->stream : STR("global"));
	printf("\t%.*s\t%.*s\t%.*s\t%" PRIu64 "\t%.*s\n", STR_ARG(state), STR_ARG(row->source),
		STR_ARG(reason.n ? reason : STR("-")), row->count,
		STR_ARG(timestamp_format(row->last_seen_us, room)));
	lines->n++;
	lines->last.address = arena_dup(lines->arena, row->address);
	lines->last.stream = arena_dup(lines->arena, row->stream);
	return true;
}

static int run_list(struct suppress *s)
{
	const struct str stream = str_c(s->stream);
	struct lines lines = { .arena = s->arena, .now_us = suppress_now_us() };
	enum suppression_state state;
	struct store_suppressions_query query = { .state = -1,
		.domain = arena_lower(s->arena, str_c(s->domain)),
		.stream = s->stream ? &stream : NULL,
		.limit = LIMIT_PAGE_ROWS,
		.now_us = suppress_now_us() };
	enum err err;

	if (s->state && !suppression_state_from_name(str_c(s->state), &state))
		return command_misused("suppress", "there is no state \"%s\"", s->state);
	if (s->state)
		query.state = (int)state;
	do {
		/* The place before stays where it is until the page after it is read. */
		struct store_suppression_place after = lines.last;

		query.after = after.address.n ? &after : NULL;
		lines.n = 0;
		err = store_suppressions(s->store, &query, print_line, &lines);
	} while (!err && lines.n == LIMIT_PAGE_ROWS && !ferror(stdout));
	if (err)
		return suppress_failed(s, err);
	return fflush(stdout) ? command_failed("cannot write to standard output") : EXIT_CODE_OK;
}

/* ---- add and remove ---- */

/* All operands as they stand on the list. False: the message was printed. */
static bool take_addresses(struct suppress *s, struct str **ret_addresses)
{
	struct str *addresses = arena_calloc(s->arena, s->n_operands, sizeof *addresses);

	if (!s->n_operands)
		return command_misused("suppress", "an ADDRESS is needed"), false;
	for (size_t i = 0; i < s->n_operands; i++)
		if (!suppression_target(s->arena, str_c(s->operands[i]), &addresses[i]))
			return command_misused("suppress",
				       "\"%s\" is neither a mail address nor a @domain",
				       s->operands[i]),
			       false;
	*ret_addresses = addresses;
	return true;
}

static bool read_end(struct suppress *s, int64_t *ret_at_us)
{
	*ret_at_us = TIMESTAMP_NONE;
	if (!s->until)
		return true;
	if (timestamp_parse(str_c(s->until), ret_at_us) && *ret_at_us > suppress_now_us())
		return true;
	return command_misused(
		       "suppress", "--until %s: not a moment that is still to come", s->until),
	       false;
}

static int put(struct suppress *s, enum suppression_state state)
{
	struct store_suppression *rows = arena_calloc(s->arena, s->n_operands, sizeof *rows);
	int64_t end_us, now_us = suppress_now_us();
	struct str *addresses;
	size_t kept;
	enum err err;

	if (!take_addresses(s, &addresses) || !read_end(s, &end_us))
		return EXIT_CODE_USAGE;
	for (size_t i = 0; i < s->n_operands; i++)
		rows[i] = (struct store_suppression){ .address = addresses[i],
			.stream = str_c(s->stream),
			.domain = suppression_domain(addresses[i]),
			.source = STR("manual"),
			.state = state,
			.diagnostic = str_c(s->reason),
			.first_seen_us = now_us,
			.last_seen_us = now_us,
			.expires_at_us = end_us,
			.changed_by = suppress_who(s) };
	err = store_noted_begin(s->store);
	if (err)
		return suppress_failed(s, err);
	err = store_suppressions_put(s->store, rows, s->n_operands, &kept);
	for (size_t i = 0; i < s->n_operands && !err; i++)
		err = command_audit_note(s->store,
			state == SUPPRESSION_ALLOWED ? "suppression.allow" : "suppression.put",
			str_c(s->stream), addresses[i], 1, str_c(s->reason));
	err = store_noted_end(s->store, err);
	return err ? suppress_failed(s, err) : EXIT_CODE_OK;
}

static int run_add(struct suppress *s)
{
	return put(s, SUPPRESSION_ACTIVE);
}

static int run_allow(struct suppress *s)
{
	return put(s, SUPPRESSION_ALLOWED);
}

static enum err remove_noted(struct suppress *s, struct str address)
{
	enum err err = store_noted_begin(s->store);

	if (err)
		return err;
	err = entry_remove(
		s->store, s->arena, address, str_c(s->stream), suppress_who(s), suppress_now_us());
	if (!err)
		err = command_audit_note(s->store, "suppression.remove", str_c(s->stream), address,
			1, str_c(s->reason));
	return store_noted_end(s->store, err);
}

static int run_remove(struct suppress *s)
{
	struct str *addresses;
	int code = EXIT_CODE_OK;

	if (!take_addresses(s, &addresses))
		return EXIT_CODE_USAGE;
	for (size_t i = 0; i < s->n_operands; i++) {
		enum err err = remove_noted(s, addresses[i]);

		if (err == ERR_NOT_FOUND)
			code = command_failed("%.*s is not on the list", STR_ARG(addresses[i]));
		else if (err)
			return suppress_failed(s, err);
	}
	return code;
}

/* ---- the command ---- */

static const struct {
	const char *name;
	int (*run)(struct suppress *s);
} verbs[] = {
	{ "list", run_list },
	{ "add", run_add },
	{ "allow", run_allow },
	{ "remove", run_remove },
	{ "check", cmd_suppress_check },
	{ "export", cmd_suppress_export },
	{ "import", cmd_suppress_import },
	{ "undo", cmd_suppress_undo },
	{ "holds", cmd_suppress_holds },
	{ "release", cmd_suppress_release },
	{ "discard", cmd_suppress_discard },
};

static int open_and_run(struct suppress *s, const struct config *config, size_t verb)
{
	int code;

	s->store = command_store(config, s->arena, "bounced suppress");
	if (!s->store)
		return EXIT_CODE_FAILED;
	code = verbs[verb].run(s);
	store_close(s->store);
	return code;
}

static int run_verb(struct suppress *s, const char *path, size_t verb)
{
	struct config *config = command_config(path);
	int code;

	if (!config)
		return EXIT_CODE_USAGE;
	s->arena = arena_new();
	s->config = config;
	code = open_and_run(s, config, verb);
	arena_free(s->arena);
	config_free(config);
	return code;
}

int cmd_suppress(int argc, char **argv)
{
	struct suppress s = { 0 };
	const char *path = NULL;
	const struct command_option options[] = { { "--config", &path, NULL },
		{ "--stream", &s.stream, NULL }, { "--format", &s.format, NULL },
		{ "--since", &s.since, NULL }, { "--reason", &s.reason, NULL },
		{ "--state", &s.state, NULL }, { "--until", &s.until, NULL },
		{ "--domain", &s.domain, NULL }, { "--name", &s.name, NULL },
		{ "--removed", NULL, &s.removed }, { "--verbose", NULL, &s.verbose },
		{ "--dry-run", NULL, &s.dry_run }, { "--rule", &s.rule, NULL },
		{ "--yes", NULL, &s.yes }, { "--all-or-nothing", NULL, &s.all_or_nothing } };
	bool help;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc > 1 && !strcmp(argv[1], "formats"))
		return cmd_suppress_formats();
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name))
			continue;
		s.operands = argv + 2;
		s.n_operands = (size_t)argc - 2;
		return run_verb(&s, path, i);
	}
	return command_misused("suppress", "one of list, add, allow, remove, check, export, "
					   "import, formats, undo, holds, release or "
					   "discard is needed");
}
