/* cli/cmd_import.c -- `bounced import`: mail that lies in files, into a spool lane of its own.
 * What is in the spool is safe; the loader of `bounced serve` stores it. Repeating an import is safe: the same
 * bytes with the same envelope count once (retention.digest_days). A file is left as it is, unless --move or
 * --done says what becomes of a maildir's, and then only once its message is on stable storage: a crash between
 * the two leaves a file that the repeat takes again. */
#define _GNU_SOURCE
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/command/import_progress.h"
#include "cli/mail_time.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/config.h"
#include "core/limits.h"
#include "ingest/intake/import_window.h"
#include "ingest/mailbox/mailbox.h"
#include "ingest/mailbox/maildir.h"
#include "serve/sandbox/privilege.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IMPORT_PAUSE_US = 200000, IMPORT_WAITS = 3000 };

struct import_path {
	uint64_t waiting; /* messages of it that are on their way, or were lost on it */
	bool read;        /* to its end */
};

struct import {
	const char *path, *user, *format_name, *stream_name, *recipient_name, *done;
	bool move;
	struct intake *intake;
	struct import_window *window;
	struct import_path *each_path; /* of the command line */
	struct mailbox_progress at;    /* of what was read last */
	struct arena *arena;           /* of the message at hand */
	enum mailbox_format format;
	struct str stream, recipient;
	struct import_progress progress;
	uint64_t messages, bytes, cut, unreadable, moved, unmoved, paths;
};

/* The only global: a signal handler has no other way to say it. */
static volatile sig_atomic_t import_stopped;

static void stop_import(int number UNUSED)
{
	import_stopped = 1;
}

static void catch_signals(void)
{
	const struct sigaction action = { .sa_handler = stop_import, .sa_flags = SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static void show_progress(struct import *import, struct str file, const char *what)
{
	char text[64];

	snprintf(text, sizeof text, "%" PRIu64 " messages%s", import->messages, what);
	import_progress_show(
		&import->progress, import->at.done, import->at.total, file, str_c(text));
}

static void say(struct import *import, const char *path, const char *what)
{
	import_progress_clear(&import->progress);
	command_failed("%s: %s", path, what);
}

/* A full spool is a matter of waiting for the loader. */
static enum err wait_for_loader(
	void *context, const struct import_item *item, enum err why, unsigned attempt)
{
	struct import *import = context;

	if (import_stopped)
		return ERR_CLOSED;
	if (attempt >= IMPORT_WAITS)
		return why;
	show_progress(import, item->file, ", waiting for the loader");
	usleep(IMPORT_PAUSE_US);
	return ERR_OK;
}

/* Not for a message that was cut: its file has more than the spool. */
static void move_file(struct import *import, struct str file)
{
	size_t slash = str_rchr(file, '/');
	struct str to = import->done ? arena_printf(import->arena, "%s/%.*s", import->done,
					       STR_ARG(str_skip(file, slash + 1)))
				     : maildir_seen_path(import->arena, file);
	enum err err = maildir_rename(file.p, to.p);

	if (!err) {
		import->moved++;
		return;
	}
	import->unmoved++;
	import_progress_clear(&import->progress);
	command_failed(
		"%s: is stored, but could not be moved to %s: %s", file.p, to.p, err_text(err));
}

static void count_path(struct import *import, struct import_path *path)
{
	import->paths += path->read && !path->waiting;
}

/* The message is on stable storage: only now it counts, and its file may move. */
static void settled(void *context, const struct import_item *item)
{
	struct import *import = context;
	struct import_path *path = &import->each_path[item->path];

	import->cut += item->cut;
	import->bytes += item->mail.bytes.n;
	import->messages++;
	path->waiting--;
	count_path(import, path);
	if (item->movable && !item->cut)
		move_file(import, item->file);
	show_progress(import, item->file, "");
}

static enum err import_message(
	struct import *import, const struct mailbox_message *message, size_t path)
{
	struct str room = STR_EMPTY;
	struct import_item item = { .mail = { .source = SOURCE_IMPORT,
					    .reverse_path = STR_EMPTY,
					    .stream = import->stream,
					    .recipients = &import->recipient,
					    .n_recipients = import->recipient.n ? 1 : 0,
					    .bytes = message->bytes,
					    .delivered_at_us = mail_time(message->bytes) },
		.file = message->file,
		.path = path,
		.movable = message->maildir && (import->move || import->done),
		.cut = message->cut };

	intake_read_trace(import->intake, &item.mail, &room);
	import->each_path[path].waiting++;
	return import_window_add(import->window, &item);
}

static enum err import_mailbox(
	struct import *import, struct mailbox *mailbox, const char *name, size_t path)
{
	struct mailbox_message message;
	enum err err;

	while (!import_stopped &&
		(err = mailbox_next(mailbox, import->arena, &message)) != ERR_NOT_FOUND) {
		import->at = mailbox_progress(mailbox);
		if (err) {
			say(import, name, err_text(err));
			import->unreadable++;
		} else if ((err = import_message(import, &message, path))) {
			return err;
		}
		arena_reset(import->arena);
	}
	return import_stopped ? ERR_CLOSED : ERR_OK;
}

/* ERR_OK also where single files could not be read; those are counted. */
static enum err import_path(struct import *import, const char *name, size_t path)
{
	struct mailbox *mailbox;
	enum err err = mailbox_open(name, import->format, &mailbox);

	if (err) {
		say(import, name,
			err == ERR_DENIED
				? "permission denied for the service user; \"bounced import - < "
				  "FILE\" reads it as you"
				: err_text(err));
		import->unreadable++;
		return ERR_OK;
	}
	/* What --move has moved is not taken again by the next run. */
	if (import->move)
		mailbox_skip_seen(mailbox);
	err = import_mailbox(import, mailbox, name, path);
	mailbox_free(mailbox);
	import->each_path[path].read = !err;
	count_path(import, &import->each_path[path]);
	return err;
}

static void print_count(uint64_t n, const char *what)
{
	if (n)
		printf("%" PRIu64 " %s\n", n, what);
}

static void print_summary(const struct import *import, int n_paths)
{
	printf("%" PRIu64 " messages (%" PRIu64 " bytes) from %" PRIu64
	       " of %d paths are in the spool after %.1f s; \"bounced serve\" stores them, each "
	       "once. Their ids begin with %s.\n",
		import->messages, import->bytes, import->paths, n_paths,
		import_progress_seconds(&import->progress), intake_id(import->intake));
	print_count(import->moved, "files were moved.");
	print_count(import->unmoved, "files could not be moved.");
	print_count(import->cut, "messages were too large and were cut.");
	print_count(import->unreadable, "files could not be read.");
	if (import_stopped)
		printf("Stopped by a signal: run it again for the rest; nothing counts twice.\n");
}

static int run_import(struct import *import, int n_paths, char **paths)
{
	struct arena *arena = arena_new();
	const struct import_window_calls calls = {
		.settled = settled, .wait = wait_for_loader, .context = import
	};
	enum err err = ERR_OK, rest;

	import->each_path = arena_calloc(arena, (size_t)n_paths, sizeof *import->each_path);
	import->window = import_window_new(import->intake, &calls);
	import_progress_init(&import->progress);
	catch_signals();
	for (int i = 0; i < n_paths && !err; i++)
		err = import_path(import, paths[i], (size_t)i);
	rest = import_window_finish(import->window);
	err = err ? err : rest;
	if (err && !import_stopped)
		say(import, "the spool took no more", err_text(err));
	import_window_free(import->window);
	import_progress_clear(&import->progress);
	print_summary(import, n_paths);
	arena_free(arena);
	return err || import->unreadable || import->unmoved ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static int prepare_and_run(
	const struct config *config, struct import *import, int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct str trouble = STR_EMPTY;
	const char *data_dir = arena_c(arena, config_str(config, CONFIG_SERVER_DATA_DIR));
	enum err err = privilege_drop(arena, import->user, data_dir, &trouble);
	int code;

	if (err) {
		code = command_failed("%.*s", STR_ARG(trouble));
	} else if (import->done && access(import->done, W_OK | X_OK)) {
		code = command_failed(
			"--done %s: is no folder that the service user can write to", import->done);
	} else if ((err = intake_open(config, "import", 0, &import->intake))) {
		code = command_failed("the spool's import lane: %s",
			err == ERR_CONFLICT ? "another import or fetch is running" : err_text(err));
	} else {
		import->arena = arena_new();
		code = run_import(import, argc - 1, argv + 1);
		arena_free(import->arena);
		intake_close(import->intake);
	}
	arena_free(arena);
	return code;
}

int cmd_import(int argc, char **argv)
{
	struct import import = { .user = "", .format_name = "auto" };
	const struct command_option options[] = { { "--config", &import.path, NULL },
		{ "--user", &import.user, NULL }, { "--format", &import.format_name, NULL },
		{ "--stream", &import.stream_name, NULL },
		{ "--recipient", &import.recipient_name, NULL }, { "--move", NULL, &import.move },
		{ "--done", &import.done, NULL } };
	struct config *config;
	bool help;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc < 2)
		return command_misused("import", "a PATH is needed, or - for standard input");
	if (import.move && import.done)
		return command_misused("import", "--move and --done are two places for one file");
	if (!mailbox_format_from_name(str_c(import.format_name), &import.format))
		return command_misused("import", "there is no format \"%s\"", import.format_name);
	import.stream = str_c(import.stream_name);
	import.recipient = str_c(import.recipient_name);
	config = command_config(import.path);
	if (!config)
		return EXIT_CODE_USAGE;
	code = prepare_and_run(config, &import, argc, argv);
	config_free(config);
	return code;
}
