/* cli/cmd_fetch.c -- `bounced fetch`: what a mailbox on another server holds, into the import lane.
 * A message is marked or deleted there only once it is on stable storage here, and only if that is asked. A
 * crash between the two fetches it again, which counts once, as a repeated import does. */
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
#include "ingest/fetch/fetch_login.h"
#include "ingest/intake/import_window.h"
#include "serve/sandbox/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char password_variable[] = "MAILBOX_PASSWORD";

struct fetch_command {
	const char *path, *user, *login, *folder, *limit, *password_file, *ca_file, *stream;
	bool delete, mark_seen, all, starttls;
	struct arena *arena;
	struct fetch_login to;
	struct intake *intake;
	struct import_window *window;
	struct import_progress progress;
	struct fetch fetch;
	uint64_t bytes, settled;
	char password[LIMIT_FETCH_PASSWORD + 1];
};

/* The only global: a signal handler has no other way to say it. */
static volatile sig_atomic_t fetch_stopped;

static void stop_fetch(int number UNUSED)
{
	fetch_stopped = 1;
}

static bool is_stopped(void *context UNUSED)
{
	return fetch_stopped;
}

/* The message is on stable storage. */
static void settled(void *context, const struct import_item *item)
{
	struct fetch_command *command = context;
	struct fetch_item *fetched = &command->fetch.window[item->path];
	char text[64];

	fetched->stored = true;
	fetched->cut = item->cut;
	command->bytes += item->mail.bytes.n;
	snprintf(text, sizeof text, "%" PRIu64 " messages", ++command->settled);
	import_progress_show(&command->progress, command->settled, command->fetch.found,
		str_c(command->to.url.bare), str_c(text));
}

/* A server does not wait for our loader: the rest is fetched by the next run. */
static enum err give_up(void *context UNUSED, const struct import_item *item UNUSED, enum err why,
	unsigned attempt UNUSED)
{
	return why;
}

static enum err store(void *context, struct str message, size_t at)
{
	struct fetch_command *command = context;
	struct str room = STR_EMPTY;
	struct import_item item = { .mail = { .source = SOURCE_IMPORT,
					    .reverse_path = STR_EMPTY,
					    .stream = str_c(command->stream),
					    .bytes = message,
					    .delivered_at_us = mail_time(message) },
		.file = STR_EMPTY,
		.path = at,
		.cut = command->fetch.window[at].cut };

	intake_read_trace(command->intake, &item.mail, &room);
	return import_window_add(command->window, &item);
}

static enum err settle(void *context)
{
	struct fetch_command *command = context;

	return import_window_finish(command->window);
}

/* The first line of the file. Read while still root, so that it may be the operator's alone. */
static enum err read_password(struct fetch_command *command)
{
	const char *given = getenv(password_variable);
	ssize_t n = 0;
	int fd;

	if (command->password_file) {
		fd = open(command->password_file, O_RDONLY | O_CLOEXEC);
		n = fd < 0 ? -1 : read(fd, command->password, LIMIT_FETCH_PASSWORD);
		if (n < 0)
			return err_from_errno(errno);
		close(fd);
		command->password[strcspn(command->password, "\r\n")] = '\0';
	} else if (given) {
		snprintf(command->password, sizeof command->password, "%s", given);
		unsetenv(password_variable);
	} else {
		return ERR_OK;
	}
	command->to.password = command->password;
	return ERR_OK;
}

/* What a server said goes to a terminal: nothing of it may steer that. */
static struct str printable(struct arena *arena, struct str said)
{
	char *room = arena_alloc(arena, said.n + 1);

	for (size_t i = 0; i < said.n; i++)
		room[i] = said.p[i] >= ' ' && said.p[i] <= '~' ? said.p[i] : '?';
	return str_from(room, said.n);
}

static void print_count(uint64_t n, const char *what)
{
	if (n)
		printf("%" PRIu64 " %s\n", n, what);
}

static void print_summary(const struct fetch_command *command)
{
	const struct fetch *fetch = &command->fetch;

	printf("%" PRIu64 " messages (%" PRIu64 " bytes) of %" PRIu64
	       " are in the spool after %.1f s; \"bounced serve\" stores them, each once. Their "
	       "ids begin with %s.\n",
		fetch->stored, command->bytes, fetch->found,
		import_progress_seconds(&command->progress), intake_id(command->intake));
	print_count(fetch->marked, fetch->after == FETCH_DELETE ? "were deleted on the server."
								: "were marked as seen.");
	print_count(fetch->unmarked, "could not be marked or deleted and will come again.");
	print_count(fetch->gone, "could not be had from the server.");
	print_count(fetch->cut, "were too large and were cut; such are not deleted.");
	if (fetch_stopped)
		printf("Stopped by a signal: run it again for the rest; nothing counts twice.\n");
}

static int converse(struct fetch_command *command)
{
	struct fetch *fetch = &command->fetch;
	struct fetch_peer *peer = NULL;
	struct str trouble = STR_EMPTY;
	struct fetch_wire wire;
	enum err err = fetch_peer_open(command->arena, &command->to, &peer, &trouble);

	explicit_bzero(command->password, sizeof command->password);
	if (err)
		return command_failed("%s: %.*s", command->to.url.bare,
			STR_ARG(printable(command->arena, str_trim(trouble))));
	import_progress_init(&command->progress);
	fetch_peer_wire(peer, &wire);
	fetch->wire = &wire;
	buf_init(&fetch->said, 200);
	err = command->to.url.imap ? fetch_imap(fetch) : fetch_pop3(fetch);
	import_progress_clear(&command->progress);
	print_summary(command);
	if (err == ERR_DENIED)
		command_failed("%s: refused: %.*s", command->to.url.bare,
			STR_ARG(printable(command->arena, buf_str(&fetch->said))));
	else if (err)
		command_failed("%s: %s", command->to.url.bare, err_text(err));
	buf_release(&fetch->said);
	fetch_wire_release(&wire);
	fetch_peer_close(peer);
	return err || fetch->unmarked || fetch->gone ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static int prepare(struct fetch_command *command, const struct config *config)
{
	const struct sigaction action = { .sa_handler = stop_fetch, .sa_flags = SA_RESETHAND };
	const char *data_dir = arena_c(command->arena, config_str(config, CONFIG_SERVER_DATA_DIR));
	struct str trouble = STR_EMPTY;
	enum err err = read_password(command);
	int code;

	if (err)
		return command_failed("%s: %s", command->password_file, err_text(err));
	err = privilege_drop(command->arena, command->user, data_dir, &trouble);
	if (err)
		return command_failed("%.*s", STR_ARG(trouble));
	err = intake_open(config, "import", 0, &command->intake);
	if (err)
		return command_failed("the spool's import lane: %s",
			err == ERR_CONFLICT ? "another import or fetch is running" : err_text(err));
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	command->window = import_window_new(
		command->intake, &(struct import_window_calls){ .settled = settled,
					 .wait = give_up,
					 .context = command,
					 .together = true });
	code = converse(command);
	import_window_free(command->window);
	intake_close(command->intake);
	return code;
}

/* What IMAP's quoted string cannot hold; names beyond ASCII are written in its modified UTF-7. */
static bool folder_is_good(struct str folder)
{
	for (size_t i = 0; i < folder.n; i++)
		if (folder.p[i] < ' ' || folder.p[i] > '~')
			return false;
	return folder.n && folder.n <= LIMIT_DOMAIN_BYTES;
}

static int check(struct fetch_command *command, const char *url)
{
	struct fetch *fetch = &command->fetch;
	struct str trouble;

	if (fetch_url_parse(command->arena, url, command->login, command->starttls,
		    &command->to.url, &trouble))
		return command_misused("fetch", "%.*s", STR_ARG(trouble));
	if (command->delete &&command->mark_seen)
		return command_misused("fetch", "--delete and --mark-seen are two things");
	if (command->mark_seen && !command->to.url.imap)
		return command_misused("fetch", "POP3 has no marks: --delete, or neither");
	if (!folder_is_good(str_c(command->folder)))
		return command_misused("fetch", "--folder: printable ASCII, other letters in "
						"IMAP's modified UTF-7");
	if (!str_to_u64(str_c(command->limit), LIMIT_FETCH_MESSAGES, &fetch->limit))
		return command_misused(
			"fetch", "--limit: a number of at most %u", LIMIT_FETCH_MESSAGES);
	fetch->folder = str_c(command->folder);
	fetch->after = command->delete      ? FETCH_DELETE
		       : command->mark_seen ? FETCH_MARK_SEEN
					    : FETCH_LEAVE;
	fetch->all = command->all;
	command->to.ca_file = command->ca_file;
	return EXIT_CODE_OK;
}

static int run(struct fetch_command *command, const char *url)
{
	struct config *config;
	int code = check(command, url);

	if (code)
		return code;
	config = command_config(command->path);
	if (!config)
		return EXIT_CODE_USAGE;
	code = prepare(command, config);
	config_free(config);
	return code;
}

int cmd_fetch(int argc, char **argv)
{
	struct fetch_command command = {
		.user = "", .login = "", .folder = "INBOX", .limit = "10000", .stream = ""
	};
	const struct command_option options[] = { { "--config", &command.path, NULL },
		{ "--user", &command.user, NULL }, { "--login", &command.login, NULL },
		{ "--folder", &command.folder, NULL }, { "--limit", &command.limit, NULL },
		{ "--password-file", &command.password_file, NULL },
		{ "--ca-file", &command.ca_file, NULL }, { "--stream", &command.stream, NULL },
		{ "--delete", NULL, &command.delete }, { "--mark-seen", NULL, &command.mark_seen },
		{ "--all", NULL, &command.all }, { "--starttls", NULL, &command.starttls } };
	bool help;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc != 2)
		return command_misused("fetch", "one URL is needed");
	command.arena = arena_new();
	command.fetch.store = store;
	command.fetch.settle = settle;
	command.fetch.stopped = is_stopped;
	command.fetch.context = &command;
	code = run(&command, argv[1]);
	explicit_bzero(command.password, sizeof command.password);
	arena_free(command.arena);
	return code;
}
