/* app/cmd_import.c -- `bounced import`: mail that lies in files, into a spool lane of its own.
 * What is in the spool is safe; the loader of `bounced serve` stores it. Repeating an import is safe: the same
 * bytes with the same envelope count once (retention.digest_days). */
#define _GNU_SOURCE
#include "app/commands.h"
#include "app/config_load.h"
#include "app/lane.h"
#include "app/privilege.h"
#include "core/limits.h"
#include "core/timestamp.h"
#include "ingest/mailbox.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { IMPORT_PROGRESS_EVERY = 500, IMPORT_PAUSE_US = 200000, IMPORT_WAITS = 3000 };

struct import {
	struct spool_writer *writer;
	struct arena *arena;
	enum mailbox_format format;
	struct str stream, recipient;
	uint64_t messages, bytes, cut, unreadable;
	bool tty;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

static void show_progress(const struct import *import, const char *end)
{
	if (import->tty)
		fprintf(stderr, "\r%" PRIu64 " messages, %" PRIu64 " MiB in the spool%s",
			import->messages, import->bytes >> 20, end);
}

/* A full spool or too much in flight is a matter of waiting for the loader; other errors are not. */
static enum err append(struct import *import, const struct envelope *envelope, struct str message)
{
	uint64_t sequence;
	enum err err;

	for (unsigned waits = 0;; waits++) {
		err = spool_append(import->writer, envelope, message, &sequence);
		if ((err != ERR_NO_SPACE && err != ERR_UNAVAILABLE) || waits == IMPORT_WAITS)
			return err;
		if (!waits)
			show_progress(import, ": waiting for the loader");
		usleep(IMPORT_PAUSE_US);
	}
}

static enum err import_message(struct import *import, const struct mailbox_message *message)
{
	struct envelope envelope = { .source = SOURCE_IMPORT,
		.received_at_us = now_us(),
		.session_id = STR("import"),
		.stream = import->stream,
		.forward_paths = &import->recipient,
		.n_forward_paths = import->recipient.n ? 1 : 0 };
	enum err err = append(import, &envelope, message->bytes);

	if (err)
		return err;
	import->cut += message->cut;
	import->bytes += message->bytes.n;
	if (++import->messages % IMPORT_PROGRESS_EVERY == 0)
		show_progress(import, "");
	return ERR_OK;
}

/* ERR_OK also where single files could not be read; those are counted. */
static enum err import_path(struct import *import, const char *path)
{
	struct mailbox_message message;
	struct mailbox *mailbox;
	enum err err = mailbox_open(path, import->format, &mailbox);

	if (err) {
		command_failed("%s: %s%s", path, err_text(err),
			err == ERR_DENIED ? " for the service user; \"bounced import - < FILE\" "
					    "reads it as you"
					  : "");
		import->unreadable++;
		return ERR_OK;
	}
	while ((err = mailbox_next(mailbox, import->arena, &message)) != ERR_NOT_FOUND) {
		if (err) {
			command_failed("%s: %s", path, err_text(err));
			import->unreadable++;
		} else if ((err = import_message(import, &message))) {
			command_failed("the spool took no more: %s", err_text(err));
			break;
		}
		arena_reset(import->arena);
	}
	mailbox_free(mailbox);
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}

static int run_import(struct import *import, int argc, char **argv)
{
	enum err err = ERR_OK;

	for (int i = 1; i < argc && !err; i++)
		err = import_path(import, argv[i]);
	show_progress(import, "\n");
	printf("%" PRIu64 " messages (%" PRIu64
	       " bytes) are in the spool; \"bounced serve\" stores them.\n",
		import->messages, import->bytes);
	if (import->cut)
		printf("%" PRIu64 " were cut at %u bytes.\n", import->cut, LIMIT_MESSAGE_BYTES);
	if (import->unreadable)
		printf("%" PRIu64 " files could not be read.\n", import->unreadable);
	return err || import->unreadable ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static int prepare_and_run(
	const struct config *config, const char *user, struct import *import, int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct str trouble = STR_EMPTY;
	const char *data_dir = arena_c(arena, config_str(config, CONFIG_SERVER_DATA_DIR));
	enum err err = privilege_drop(arena, user, data_dir, &trouble);
	int code;

	if (err) {
		code = command_failed("%.*s", STR_ARG(trouble));
	} else if ((err = lane_open(config, arena, "import", &import->writer))) {
		code = command_failed("the spool's import lane: %s",
			err == ERR_CONFLICT ? "another import is running" : err_text(err));
	} else {
		import->arena = arena_new();
		code = run_import(import, argc, argv);
		arena_free(import->arena);
		spool_writer_close(import->writer);
	}
	arena_free(arena);
	return code;
}

int cmd_import(int argc, char **argv)
{
	const char *path = NULL, *user = "", *format = "auto", *stream = "default", *recipient = "";
	const struct command_option options[] = { { "--config", &path, NULL },
		{ "--user", &user, NULL }, { "--format", &format, NULL },
		{ "--stream", &stream, NULL }, { "--recipient", &recipient, NULL } };
	struct import import = { .tty = isatty(STDERR_FILENO) };
	struct config *config;
	bool help;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc < 2)
		return command_misused("import", "a PATH is needed, or - for standard input");
	if (!mailbox_format_from_name(str_c(format), &import.format))
		return command_misused("import", "there is no format \"%s\"", format);
	import.stream = str_c(stream);
	import.recipient = str_c(recipient);
	config = config_load_or_say(path);
	if (!config)
		return EXIT_CODE_USAGE;
	code = prepare_and_run(config, user, &import, argc, argv);
	config_free(config);
	return code;
}
