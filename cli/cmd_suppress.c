/* cli/cmd_suppress.c -- `bounced suppress list|add|remove|check|export`. */
#define _GNU_SOURCE
#include "cli/command_config.h"
#include "cli/command_line.h"
#include "cli/commands.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/config.h"
#include "core/limits.h"
#include "store/database_settings.h"
#include "store/store.h"
#include "suppress/list/format.h"
#include "suppress/export/listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SUPPRESS_PROBLEM_BYTES = 4096, SUPPRESS_OUT_BYTES = 1 << 20 };
enum { EXIT_CODE_FOUND = 3 }; /* of check: one of the addresses is not to be mailed */

struct suppress {
	struct store *store;
	struct arena *arena;
	const char *stream, *format, *since, *reason, *state, *domain;
	char **operands;
	size_t n_operands;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

static int failed(const struct suppress *s, enum err err)
{
	return command_failed("%s: %.*s", err_text(err), STR_ARG(store_error(s->store)));
}

/* ---- list and export: rows to standard output ---- */

struct out {
	enum format format;
	struct buf buf;
	bool closed;
};

/* False when nobody reads any more. */
static bool out_flush(struct out *out)
{
	out->closed |= out->buf.failed ||
		       fwrite(out->buf.p ? out->buf.p : "", 1, out->buf.n, stdout) != out->buf.n;
	buf_reset(&out->buf);
	return !out->closed;
}

static bool print_formatted(void *context, const struct store_suppression *row)
{
	struct out *out = context;

	format_row(out->format, row, &out->buf);
	return out_flush(out);
}

static int run_export(struct suppress *s)
{
	struct out out = { .buf = BUF_INIT(SUPPRESS_OUT_BYTES) };
	uint64_t since = 0, to_seq = 0;
	enum err err;

	if (!format_from_name(str_c(s->format), &out.format))
		return command_misused("suppress", "there is no format \"%s\"", s->format);
	if (s->since && !str_to_u64(str_c(s->since), INT64_MAX, &since))
		return command_misused("suppress", "--since %s: not a sequence number", s->since);
	err = store_suppressions_number(s->store, &to_seq);
	format_head(out.format, &out.buf);
	out_flush(&out);
	if (!err && !out.closed)
		err = listing_walk(s->store, s->since ? LISTING_CHANGES : LISTING_FULL, since,
			to_seq, print_formatted, &out);
	buf_release(&out.buf);
	if (err)
		return failed(s, err);
	return fflush(stdout) || out.closed ? command_failed("cannot write to standard output")
					    : EXIT_CODE_OK;
}

/* For people: a line each, columns apart by a tab. */
struct lines {
	struct arena *arena;
	struct store_suppression_place last;
	size_t n;
};

static bool print_line(void *context, const struct store_suppression *row)
{
	struct str state = suppression_state_name(row->state), reason = reason_name(row->reason);
	char room[TIMESTAMP_TEXT_BYTES];
	struct lines *lines = context;

	printf("%.*s\t%.*s\t%.*s\t%.*s\t%.*s\t%" PRIu64 "\t%.*s\n", STR_ARG(row->address),
		STR_ARG(row->stream.n ? row->stream : STR("global")), STR_ARG(state),
		STR_ARG(row->source), STR_ARG(reason.n ? reason : STR("-")), row->count,
		STR_ARG(timestamp_format(row->last_seen_us, room)));
	lines->n++;
	lines->last.address = arena_dup(lines->arena, row->address);
	lines->last.stream = arena_dup(lines->arena, row->stream);
	return true;
}

static int run_list(struct suppress *s)
{
	const struct str stream = str_c(s->stream);
	struct lines lines = { .arena = s->arena };
	enum suppression_state state;
	struct store_suppressions_query query = { .state = -1,
		.domain = arena_lower(s->arena, str_c(s->domain)),
		.stream = s->stream ? &stream : NULL,
		.limit = LIMIT_PAGE_ROWS };
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
		return failed(s, err);
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
		if (!suppression_address(s->arena, str_c(s->operands[i]), &addresses[i]))
			return command_misused(
				       "suppress", "\"%s\" is no mail address", s->operands[i]),
			       false;
	*ret_addresses = addresses;
	return true;
}

static int run_add(struct suppress *s)
{
	struct store_suppression *rows = arena_calloc(s->arena, s->n_operands, sizeof *rows);
	struct str *addresses;
	size_t kept;
	enum err err;

	if (!take_addresses(s, &addresses))
		return EXIT_CODE_USAGE;
	for (size_t i = 0; i < s->n_operands; i++)
		rows[i] = (struct store_suppression){ .address = addresses[i],
			.stream = str_c(s->stream),
			.domain = suppression_domain(addresses[i]),
			.source = STR("manual"),
			.diagnostic = str_c(s->reason),
			.first_seen_us = now_us(),
			.last_seen_us = now_us(),
			.expires_at_us = TIMESTAMP_NONE };
	err = store_suppressions_put(s->store, rows, s->n_operands, &kept);
	return err ? failed(s, err) : EXIT_CODE_OK;
}

static int run_remove(struct suppress *s)
{
	struct str *addresses;
	int code = EXIT_CODE_OK;

	if (!take_addresses(s, &addresses))
		return EXIT_CODE_USAGE;
	for (size_t i = 0; i < s->n_operands; i++) {
		enum err err = store_suppression_remove(
			s->store, addresses[i], str_c(s->stream), now_us());

		if (err == ERR_NOT_FOUND)
			code = command_failed("%.*s is not on the list", STR_ARG(addresses[i]));
		else if (err)
			return failed(s, err);
	}
	return code;
}

/* ---- check ---- */

struct verdict {
	struct str address, text;
};

/* Addresses gathered for one question, and its answers, which come in the order of their bytes. */
struct check {
	struct suppress *s;
	struct arena *arena;
	struct str asked[LIMIT_PAGE_ROWS], address[LIMIT_PAGE_ROWS];
	size_t n;
	struct verdict found[2 * LIMIT_PAGE_ROWS]; /* global and of the stream */
	size_t n_found;
	bool any;
};

static bool take_verdict(void *context, const struct store_suppression *row)
{
	struct check *check = context;
	struct str reason = reason_name(row->reason);
	struct verdict *verdict = &check->found[check->n_found++];
	char room[TIMESTAMP_TEXT_BYTES];

	verdict->address = arena_dup(check->arena, row->address);
	verdict->text = arena_printf(check->arena, "%.*s\t%.*s\t%.*s", STR_ARG(row->source),
		STR_ARG(reason.n ? reason : STR("-")),
		STR_ARG(timestamp_format(row->first_seen_us, room)));
	return check->n_found < ARRAY_LEN(check->found);
}

static int compare_verdicts(const void *a, const void *b)
{
	return str_cmp(((const struct verdict *)a)->address, ((const struct verdict *)b)->address);
}

static void print_verdict(struct check *check, size_t i)
{
	const struct verdict key = { .address = check->address[i] };
	const struct verdict *found = NULL;

	if (check->n_found)
		found = bsearch(&key, check->found, check->n_found, sizeof key, compare_verdicts);
	check->any |= found || !key.address.n;
	if (!key.address.n)
		printf("%.*s\tinvalid\n", STR_ARG(check->asked[i]));
	else if (!found)
		printf("%.*s\tclear\n", STR_ARG(check->asked[i]));
	else
		printf("%.*s\tsuppressed\t%.*s\n", STR_ARG(check->asked[i]), STR_ARG(found->text));
}

static enum err ask(struct check *check)
{
	enum err err;

	check->n_found = 0;
	err = store_suppression_check(check->s->store, check->address, check->n,
		str_c(check->s->stream), now_us(), take_verdict, check);
	for (size_t i = 0; !err && i < check->n; i++)
		print_verdict(check, i);
	check->n = 0;
	arena_reset(check->arena);
	return err;
}

static enum err check_one(struct check *check, struct str text)
{
	struct str address = STR_EMPTY;

	if (!suppression_address(check->arena, text, &address))
		address = STR_EMPTY;
	check->asked[check->n] = arena_dup(check->arena, text);
	check->address[check->n++] = address;
	return check->n == LIMIT_PAGE_ROWS ? ask(check) : ERR_OK;
}

static enum err check_lines(struct check *check, FILE *file)
{
	enum err err = ERR_OK;
	char *line = NULL;
	size_t room = 0;
	ssize_t n;

	while (!err && (n = getline(&line, &room, file)) > 0) {
		struct str text = str_trim(str_from(line, (size_t)n));

		if (text.n)
			err = check_one(check, text);
	}
	free(line);
	return !err && ferror(file) ? ERR_IO : err;
}

static int run_check(struct suppress *s)
{
	struct check *check = arena_zalloc(s->arena, sizeof *check);
	enum err err = ERR_OK;
	bool any;

	if (!s->n_operands)
		return command_misused("suppress", "an ADDRESS is needed, or - for standard input");
	check->s = s;
	check->arena = arena_new();
	for (size_t i = 0; i < s->n_operands && !err; i++)
		err = strcmp(s->operands[i], "-") ? check_one(check, str_c(s->operands[i]))
						  : check_lines(check, stdin);
	if (!err)
		err = ask(check);
	any = check->any;
	arena_free(check->arena);
	if (err)
		return failed(s, err);
	if (fflush(stdout))
		return command_failed("cannot write to standard output");
	return any ? EXIT_CODE_FOUND : EXIT_CODE_OK;
}

/* ---- the command ---- */

static const struct {
	const char *name;
	int (*run)(struct suppress *s);
} verbs[] = {
	{ "list", run_list },
	{ "add", run_add },
	{ "remove", run_remove },
	{ "check", run_check },
	{ "export", run_export },
};

static int open_and_run(struct suppress *s, const struct config *config, size_t verb)
{
	const struct store_options options = { .application_name = "bounced suppress" };
	struct buf problem = BUF_INIT(SUPPRESS_PROBLEM_BYTES);
	const char *conninfo;
	enum err err = database_conninfo(config, s->arena, &conninfo);
	int code;

	if (!err)
		err = store_open(conninfo, &options, &problem, &s->store);
	if (err)
		code = command_failed("no database: %.*s%s", STR_ARG(buf_str(&problem)),
			database_is_private(config)
				? " (the private cluster runs only under \"bounced serve\")"
				: "");
	else
		code = verbs[verb].run(s);
	store_close(s->store);
	buf_release(&problem);
	return code;
}

static int run_verb(struct suppress *s, const char *path, size_t verb)
{
	struct config *config = command_config(path);
	int code;

	if (!config)
		return EXIT_CODE_USAGE;
	s->arena = arena_new();
	code = open_and_run(s, config, verb);
	arena_free(s->arena);
	config_free(config);
	return code;
}

int cmd_suppress(int argc, char **argv)
{
	struct suppress s = { .format = "csv" };
	const char *path = NULL;
	const struct command_option options[] = { { "--config", &path, NULL },
		{ "--stream", &s.stream, NULL }, { "--format", &s.format, NULL },
		{ "--since", &s.since, NULL }, { "--reason", &s.reason, NULL },
		{ "--state", &s.state, NULL }, { "--domain", &s.domain, NULL } };
	bool help;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	for (size_t i = 0; argc > 1 && i < ARRAY_LEN(verbs); i++) {
		if (strcmp(argv[1], verbs[i].name))
			continue;
		s.operands = argv + 2;
		s.n_operands = (size_t)argc - 2;
		return run_verb(&s, path, i);
	}
	return command_misused("suppress", "one of list, add, remove, check or export is needed");
}
