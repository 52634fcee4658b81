/* cli/suppress/cmd_suppress_check.c -- `bounced suppress check`: what each address is, a line each. */
#define _GNU_SOURCE
#include "cli/suppress/cmd_suppress_check.h"

#include "cli/command/terminal.h"
#include "core/limits.h"
#include "suppress/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EXIT_CODE_FOUND = 3 }; /* one of the addresses is not to be mailed */

/* Addresses gathered for one question. */
struct check {
	struct suppress *s;
	struct arena *arena;
	struct str asked[LIMIT_PAGE_ROWS];
	size_t n;
	bool any;
};

static void print_answer(struct str asked, const struct check_answer *answer)
{
	const struct store_suppression *entry = answer->entry;
	char room[TIMESTAMP_TEXT_BYTES], id[UUID_TEXT_BYTES];
	struct str reason;

	terminal_print(asked);
	printf("\t%.*s",
		STR_ARG(answer->address.n ? meaning_name(answer->meaning) : STR("invalid")));
	if (answer->meaning != MEANING_CLEAR) {
		reason = reason_name(entry->reason);
		printf("\t%.*s\t%.*s\t%.*s\t%s%.*s", STR_ARG(entry->source),
			STR_ARG(reason.n ? reason : STR("-")),
			STR_ARG(timestamp_format(entry->first_seen_us, room)),
			entry->stream.n ? "stream:" : "",
			STR_ARG(entry->stream.n ? entry->stream : STR("global")));
		for (size_t i = 0; i < answer->n_events; i++)
			printf("%s%.*s", i ? "," : "\t",
				STR_ARG(uuid_format(&answer->events[i].event_id, id)));
	}
	putchar('\n');
}

static enum err ask(struct check *check)
{
	const struct str stream = str_c(check->s->stream);
	struct check_answer *answers = arena_calloc(check->arena, check->n, sizeof *answers);
	enum err err = check_run(check->s->store, check->arena, check->asked, check->n,
		check->s->stream ? &stream : NULL, suppress_now_us(), answers);

	for (size_t i = 0; !err && i < check->n; i++) {
		check->any |= answers[i].meaning == MEANING_SUPPRESSED || !answers[i].address.n;
		print_answer(check->asked[i], &answers[i]);
	}
	check->n = 0;
	arena_reset(check->arena);
	return err;
}

static enum err check_one(struct check *check, struct str text)
{
	check->asked[check->n++] = arena_dup(check->arena, text);
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

int cmd_suppress_check(struct suppress *s)
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
		return suppress_failed(s, err);
	if (fflush(stdout))
		return command_failed("cannot write to standard output");
	return any ? EXIT_CODE_FOUND : EXIT_CODE_OK;
}
