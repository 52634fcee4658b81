#define _GNU_SOURCE
#include "cli/suppress/cmd_suppress_amend.h"

#include "cli/server/command_audit.h"
#include "store/store_access.h"
#include "store/store_amend.h"
#include "suppress/suppress_settings.h"

#include <inttypes.h>
#include <stdio.h>

/* What is in force now, whatever was when the events came. */
struct bench {
	struct suppress_settings settings;
	struct judge judge;
	struct store_judge store_judge;
};

static bool seat(struct suppress *s, struct bench *bench)
{
	struct str trouble;

	if (suppress_settings_load(s->config, s->arena, &bench->settings, &trouble))
		return command_failed("%.*s", STR_ARG(trouble)), false;
	suppress_judge(&bench->settings, &bench->judge, &bench->store_judge);
	return true;
}

static int print_amended(const struct store_amended *amended, bool dry_run)
{
	printf("entries\t%" PRIu64 "\nlifted\t%" PRIu64 "\nsuppressed\t%" PRIu64 "\n",
		amended->entries, amended->lifted, amended->suppressed);
	if (dry_run)
		puts("nothing was changed: --yes does it");
	return fflush(stdout) ? command_failed("cannot write to standard output") : EXIT_CODE_OK;
}

static bool read_moment(const char *option, const char *text, int64_t otherwise_us, int64_t *ret_us)
{
	*ret_us = otherwise_us;
	if (!text || timestamp_parse(str_c(text), ret_us))
		return true;
	return command_misused(
		       "suppress", "%s %s: not a moment like 2026-11-23T10:00:00Z", option, text),
	       false;
}

static enum err undo_noted(struct store *store, const struct store_judge *judge,
	const struct store_undo *undo, int64_t now_us, struct store_amended *amended)
{
	enum err err = store_noted_begin(store);

	if (err)
		return err;
	err = store_undo(store, judge, undo, now_us, amended);
	if (!err && !undo->dry_run)
		err = command_audit(store, "suppression.undo",
			undo->provider.n ? undo->provider : undo->stream, STR_EMPTY,
			amended->lifted);
	return store_noted_end(store, err);
}

int cmd_suppress_undo(struct suppress *s)
{
	struct store_undo undo = { .provider = arena_lower(s->arena, str_c(s->domain)),
		.rule = str_c(s->rule),
		.reason = str_c(s->reason),
		.stream = str_c(s->stream),
		.dry_run = !s->yes };
	int64_t now_us = suppress_now_us();
	struct store_amended amended;
	struct bench *bench = arena_zalloc(s->arena, sizeof *bench);
	enum err err;

	if (s->n_operands || !s->since)
		return command_misused("suppress", "undo takes --since MOMENT, and no operand");
	if (!read_moment("--since", s->since, 0, &undo.from_us) ||
		!read_moment("--until", s->until, now_us, &undo.to_us))
		return EXIT_CODE_USAGE;
	if (!seat(s, bench))
		return EXIT_CODE_USAGE;
	err = undo_noted(s->store, &bench->store_judge, &undo, now_us, &amended);
	if (err)
		return suppress_failed(s, err);
	printf("events\t%" PRIu64 "\n", amended.events);
	return print_amended(&amended, undo.dry_run);
}

/* ---- holds ---- */

static void print_hold(void *context UNUSED, const struct store_hold *hold)
{
	char since[TIMESTAMP_TEXT_BYTES], last[TIMESTAMP_TEXT_BYTES];

	printf("%" PRId64 "\t%.*s\t%.*s\t%.*s\t%.*s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%.*s\n",
		hold->id, STR_ARG(hold->provider), STR_ARG(hold->state),
		STR_ARG(timestamp_format(hold->since_us, since)),
		STR_ARG(timestamp_format(hold->last_us, last)), hold->n, hold->limit, hold->entries,
		STR_ARG(hold->decided_by.n ? hold->decided_by : STR("-")));
}

int cmd_suppress_holds(struct suppress *s)
{
	enum err err = store_holds(s->store, STORE_HOLDS_ALL, 0, print_hold, NULL);

	if (err)
		return suppress_failed(s, err);
	return fflush(stdout) ? command_failed("cannot write to standard output") : EXIT_CODE_OK;
}

static enum err decide_noted(struct suppress *s, const struct store_judge *judge, int64_t id,
	enum store_hold_end end, struct store_amended *amended)
{
	enum err err = store_noted_begin(s->store);

	if (err)
		return err;
	err = store_hold_decide(
		s->store, judge, id, end, suppress_who(s), suppress_now_us(), amended);
	if (!err)
		err = command_audit(s->store,
			end == STORE_HOLD_RELEASE ? "hold.release" : "hold.discard",
			str_c(s->operands[0]), STR_EMPTY, amended->entries);
	return store_noted_end(s->store, err);
}

static int decide(struct suppress *s, enum store_hold_end end)
{
	struct bench *bench = arena_zalloc(s->arena, sizeof *bench);
	struct store_amended amended;
	uint64_t id;
	enum err err;

	if (s->n_operands != 1 || !str_to_u64(str_c(s->operands[0]), INT64_MAX, &id))
		return command_misused("suppress", "the number of a hold is needed");
	if (!seat(s, bench))
		return EXIT_CODE_USAGE;
	err = decide_noted(s, &bench->store_judge, (int64_t)id, end, &amended);
	if (err == ERR_NOT_FOUND)
		return command_failed("there is no open hold %s", s->operands[0]);
	if (err)
		return suppress_failed(s, err);
	return print_amended(&amended, false);
}

int cmd_suppress_release(struct suppress *s)
{
	return decide(s, STORE_HOLD_RELEASE);
}

int cmd_suppress_discard(struct suppress *s)
{
	return decide(s, STORE_HOLD_DISCARD);
}
