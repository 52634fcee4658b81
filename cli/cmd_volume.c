/* cli/cmd_volume.c -- `bounced volume import`: attempted recipients from the mail system's own logs, into the database.
 * Repeating it is safe: a file is known by its first line, and counted behind the byte up to which it was counted.
 * --follow goes on as the log role of `bounced serve` does, until it is stopped. */
#define _GNU_SOURCE
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/command/import_progress.h"
#include "ingest/logfile/log_family.h"
#include "logs/log_settings.h"
#include "logs/log_zone.h"
#include "store/store.h"

#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { VOLUME_PIECE_BYTES = 4 << 20, VOLUME_IDLE_US = 500000, VOLUME_STATE_BYTES = 8 << 20 };

struct volume {
	const char *format_name, *stream, *zone;
	bool follow, guess;
	enum log_format format;
	struct arena *arena;
	struct store *store;
	struct parse_rules *rules;
	struct log_context *context;
	struct import_progress progress;
	struct buf before; /* what the reader of the file before remembers */
	uint64_t counts[LOG_COUNT_COUNT];
	uint64_t bytes, skipped, files, unreadable, empty;
};

/* The only global: a signal handler has no other way to say it. */
static volatile sig_atomic_t volume_stopped;

static void stop_volume(int number UNUSED)
{
	volume_stopped = 1;
}

static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = stop_volume, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void say(struct volume *v, const char *path, enum err err)
{
	import_progress_clear(&v->progress);
	command_failed("%s: %s", path,
		err == ERR_SYNTAX
			? "of no format that is known (--format says which it is), or damaged"
		: err == ERR_CONFLICT ? "begins as a log that was counted and goes on otherwise, "
					"or is being counted by "
					"somebody else"
				      : err_text(err));
}

static void show(struct volume *v, const char *path, const struct log_source *source)
{
	const uint64_t *counts = log_source_counts(source);
	uint64_t done, total;
	char text[64];

	snprintf(text, sizeof text, "%" PRIu64 " recipients",
		counts[LOG_COUNT_ACCEPTED] + counts[LOG_COUNT_FAILED] + counts[LOG_COUNT_ROWS]);
	log_file_progress(log_source_file(source), &done, &total);
	import_progress_show(&v->progress, done, total, str_c(path), str_c(text));
}

static enum err read_source(struct volume *v, const char *path, struct log_source *source)
{
	enum err err;
	size_t n;

	do {
		err = log_source_read(source, VOLUME_PIECE_BYTES, &n);
		v->bytes += n;
		show(v, path, source);
	} while (!err && n && !volume_stopped);
	if (!err && !n)
		log_source_end(source);
	for (int i = 0; i < LOG_COUNT_COUNT; i++)
		v->counts[i] += log_source_counts(source)[i];
	buf_reset(&v->before);
	buf_put(&v->before, log_source_state(source));
	return err;
}

/* Only the database's errors end the run. */
static enum err import_file(struct volume *v, const char *path)
{
	const struct log_source_options options = { .context = v->context,
		.store = v->store,
		.path = path,
		.guess = v->guess,
		.format = v->format,
		.zone = log_zone,
		.before = buf_str(&v->before) };
	struct log_source *source = NULL;
	enum err err = log_source_open(&options, &source);

	if (!err) {
		v->files++;
		v->skipped += log_source_skipped(source);
		err = read_source(v, path, source);
		log_source_close(source);
	}
	if (err == ERR_CLOSED) {
		v->empty++;
		return ERR_OK;
	}
	if (err == ERR_UNAVAILABLE || err == ERR_DATABASE || err == ERR_LIMIT)
		return err;
	if (err) {
		v->unreadable++;
		say(v, path, err);
	}
	return ERR_OK;
}

/* A folder is all its files, the oldest first. */
static enum err import_path(struct volume *v, const char *path)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	size_t n = strlen(path);
	struct log_member *members;
	enum err err = ERR_OK;

	if (!n || path[n - 1] != '/')
		return import_file(v, path);
	if (log_family(arena, str_c(path), INT64_MIN, &members, &n)) {
		v->unreadable++;
		say(v, path, ERR_NOT_FOUND);
		return ERR_OK;
	}
	for (size_t i = 0; i < n && !err && !volume_stopped; i++)
		err = import_file(v, members[i].path.p);
	return err;
}

static void print_count(uint64_t n, const char *what)
{
	if (n)
		printf("%" PRIu64 " %s.\n", n, what);
}

static void print_summary(const struct volume *v)
{
	const struct log_batch_counts counts = log_context_counts(v->context);

	printf("%" PRIu64 " bytes of %" PRIu64 " logs were counted in %.1f s.\n", v->bytes,
		v->files, import_progress_seconds(&v->progress));
	print_count(v->skipped, "bytes had been counted before");
	for (int i = 0; i < LOG_COUNT_COUNT; i++)
		print_count(v->counts[i], log_count_sentence((enum log_count)i));
	print_count(counts.foreign, "deliveries of mail with other return paths were left out "
				    "(smtp.return_path_domains, or --stream)");
	print_count(counts.no_domain, "deliveries to what is no domain were left out");
	print_count(counts.events, "failures were stored as events");
	print_count(v->empty, "files have no line yet");
	print_count(v->unreadable, "files could not be read");
	if (volume_stopped)
		printf("Stopped by a signal: run it again for the rest; nothing counts twice.\n");
}

static enum err import_all(struct volume *v, char **paths)
{
	enum err err = ERR_OK;

	for (; *paths && !err && !volume_stopped; paths++)
		err = import_path(v, *paths);
	return err;
}

/* ---- following ---- */

static void say_followed(void *context, const char *path, enum log_format format, enum err err)
{
	struct volume *v = context;

	if (err)
		say(v, path, err);
	else
		printf("Following %s (%.*s).\n", path, STR_ARG(log_format_name(format)));
	v->files += !err;
	fflush(stdout);
}

static enum err follow_all(struct volume *v, char **paths)
{
	const struct log_follow_options options = { .context = v->context,
		.store = v->store,
		.zone = log_zone,
		.say = say_followed,
		.say_context = v };
	struct log_follow *follow = log_follow_new(&options);
	enum err err = ERR_OK;
	uint64_t bytes;

	for (; *paths; paths++) {
		const char *whole = realpath(*paths, NULL);

		log_follow_add(follow, str_c(whole ? whole : *paths), v->guess, v->format);
		free((void *)(uintptr_t)whole);
	}
	while (!volume_stopped && !err) {
		err = log_follow_round(follow, &bytes);
		v->bytes += bytes;
		if (err == ERR_UNAVAILABLE) {
			usleep(VOLUME_IDLE_US);
			ERR_IGNORE(store_reopen(v->store), "the next round tells");
			err = ERR_OK;
		} else if (!bytes) {
			usleep(VOLUME_IDLE_US);
		}
	}
	log_follow_counts(follow, v->counts);
	log_follow_free(follow);
	return err;
}

/* ---- the command ---- */

static int run_all(struct volume *v, char **paths)
{
	enum err err;

	import_progress_init(&v->progress);
	catch_signals();
	err = v->follow ? follow_all(v, paths) : import_all(v, paths);
	import_progress_clear(&v->progress);
	print_summary(v);
	if (err)
		return command_failed("the database took no more (%s): %.*s", err_text(err),
			STR_ARG(store_error(v->store)));
	return v->unreadable ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static int run_volume(
	void *context, const struct config *config, struct arena *arena, int argc, char **argv)
{
	struct volume *v = context;
	struct str trouble = STR_EMPTY;
	int code;

	if (argc < 3 || strcmp(argv[1], "import"))
		return command_misused(
			"volume", "import and a FILE are needed, or import - for standard input");
	v->guess = !strcmp(v->format_name, "auto");
	if (!v->guess && !log_format_from_name(str_c(v->format_name), &v->format))
		return command_misused("volume", "there is no format \"%s\"", v->format_name);
	if (log_zone_set(v->zone ? str_c(v->zone) : config_str(config, CONFIG_LOG_ZONE)))
		return command_misused("volume", "there is no such time zone here");
	if (log_settings_rules(config, arena, &v->rules, &trouble) ||
		log_context_new(config, arena, str_c(v->stream), v->rules, &v->context, &trouble)) {
		command_failed("%.*s", STR_ARG(trouble));
		parse_rules_free(v->rules);
		return EXIT_CODE_USAGE;
	}
	v->store = command_store(config, arena, "bounced volume");
	code = v->store ? run_all(v, argv + 2) : EXIT_CODE_FAILED;
	store_close(v->store);
	log_context_free(v->context);
	parse_rules_free(v->rules);
	return code;
}

int cmd_volume(int argc, char **argv)
{
	struct volume v = { .format_name = "auto", .before = BUF_INIT(VOLUME_STATE_BYTES) };
	const struct command_option options[] = { { "--follow", NULL, &v.follow },
		{ "--format", &v.format_name, NULL }, { "--stream", &v.stream, NULL },
		{ "--zone", &v.zone, NULL } };
	int code = command_configured(argc, argv, options, ARRAY_LEN(options), run_volume, &v);

	buf_release(&v.before);
	return code;
}
