/* cli/cmd_pipe.c -- `bounced pipe`: one message on standard input, as Postfix' pipe(8), a .forward file or an
 * alias hands it over. Exit codes are those of sysexits.h, since mail systems act on them: everything but
 * EX_TEMPFAIL makes them send a bounce of their own, and what is bounced here is lost. So whatever may pass or
 * be mended is EX_TEMPFAIL, a setting that is wrong and a folder that cannot be written too.
 * A lane of its own, so that no import or fetch keeps the mail system waiting. */
#define _GNU_SOURCE
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/mail_time.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/config.h"
#include "core/limits.h"
#include "ingest/intake/intake.h"
#include "ingest/intake/trace_fields.h"
#include "ingest/mailbox/mailbox.h"
#include "serve/sandbox/privilege.h"
#include "store/store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { PIPE_READ_BYTES = 64 << 10, PIPE_LOCK_WAIT_S_MAX = 600 };

struct pipe {
	const char *path, *user, *sender, *recipient, *stream, *wait;
	struct str *recipients; /* in `arena`, those that are addresses */
	size_t n_recipients;
	bool named; /* somebody named a recipient, whatever it was */
	bool by_environment;
	struct arena *arena;
	struct buf message;
};

/* One byte over the limit is read and tells that there was more; the rest is read and dropped, lest the writer
 * takes a broken pipe for a failure. */
static enum err read_message(struct buf *message)
{
	char waste[4096];

	for (;;) {
		size_t left = message->max - message->n;
		size_t n = left < PIPE_READ_BYTES ? left : PIPE_READ_BYTES;
		char *room = n ? buf_reserve(message, n) : waste;
		ssize_t got = read(STDIN_FILENO, room, n ? n : sizeof waste);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERR_IO;
		if (!got)
			return ERR_OK;
		message->n += n ? (size_t)got : 0;
	}
}

/* pipe(8) with the flag F, local(8) and qmail put an mbox line in front. */
static struct str without_from_line(struct str message)
{
	size_t end = str_chr(message, '\n');

	return mbox_starts(message) ? str_skip(message, end + 1) : message;
}

static void add_recipient(struct pipe *pipe, const char *text)
{
	if (!text || !*text)
		return;
	pipe->named = true;
	if (pipe->n_recipients < LIMIT_FORWARD_PATHS &&
		trace_address(str_c(text), TRACE_RECIPIENT, &pipe->recipients[pipe->n_recipients]))
		pipe->n_recipients++;
}

/* From the command line; else from what local(8), Exim and qmail put into the environment. ORIGINAL_RECIPIENT is
 * the address before aliases, so the return path that the mail was sent with. */
static void find_recipients(struct pipe *pipe, int argc, char **argv)
{
	pipe->recipients = arena_calloc(pipe->arena, (size_t)argc + 2, sizeof *pipe->recipients);
	add_recipient(pipe, pipe->recipient);
	for (int i = 1; i < argc; i++) /* pipe(8) makes several words of ${recipient} */
		add_recipient(pipe, argv[i]);
	if (pipe->named)
		return;
	pipe->by_environment = true;
	add_recipient(pipe, getenv("ORIGINAL_RECIPIENT"));
	add_recipient(pipe, getenv("RECIPIENT"));
}

/* Keeps those that are ours; of the environment's, which are two names of one address, the first. */
static bool keep_ours(struct pipe *pipe, const struct intake *intake)
{
	size_t n = 0;
	struct str stream;

	for (size_t i = 0; i < pipe->n_recipients; i++)
		if (intake_is_ours(intake, pipe->recipients[i], &stream))
			pipe->recipients[n++] = pipe->recipients[i];
	pipe->n_recipients = n > 1 && pipe->by_environment ? 1 : n;
	return n;
}

static int failed(const char *what, enum err err)
{
	command_failed("%s: %s", what, err_text(err));
	return EX_TEMPFAIL;
}

static int store_message(struct pipe *pipe, struct intake *intake)
{
	const char *sender = pipe->sender ? pipe->sender : getenv("SENDER");
	/* With a sender the envelope is the one that SMTP brought; without, the header has to tell. */
	struct intake_mail mail = { .source = sender ? SOURCE_SMTP : SOURCE_IMPORT,
		.stream = str_c(pipe->stream),
		.recipients = pipe->recipients,
		.n_recipients = pipe->n_recipients,
		.bytes = without_from_line(buf_str(&pipe->message)) };
	struct str room;
	bool cut = false;
	enum err err;

	if (!trace_address(str_c(sender), TRACE_SENDER, &mail.reverse_path))
		mail.reverse_path = str_head(str_trim(str_c(sender)), LIMIT_PATH_BYTES);
	if (!sender)
		mail.delivered_at_us = mail_time(mail.bytes);
	if (!sender || !pipe->named)
		intake_read_trace(intake, &mail, &room);
	err = intake_store(intake, &mail, &cut);
	if (err)
		return failed("the spool did not take it", err);
	if (cut)
		command_failed("the message was too large for the spool and was cut");
	return EX_OK;
}

static int deliver(struct pipe *pipe, const struct config *config, int wait_ms)
{
	struct intake *intake;
	enum err err = intake_open(config, "pipe", wait_ms, &intake);
	int code;

	if (err)
		return failed("the spool's pipe lane", err);
	if (pipe->named && !keep_ours(pipe, intake)) {
		command_failed("none of the recipients is in smtp.return_path_domains");
		code = EX_NOUSER;
	} else {
		code = store_message(pipe, intake);
	}
	intake_close(intake);
	return code;
}

static int prepare(struct pipe *pipe, const struct config *config, uint64_t wait_s)
{
	const char *data_dir = arena_c(pipe->arena, config_str(config, CONFIG_SERVER_DATA_DIR));
	struct str trouble = STR_EMPTY;
	enum err err = privilege_drop(pipe->arena, pipe->user, data_dir, &trouble);

	if (err) {
		command_failed("%.*s", STR_ARG(trouble));
		return EX_TEMPFAIL;
	}
	err = read_message(&pipe->message);
	if (err)
		return failed("standard input", err);
	if (!pipe->message.n) {
		command_failed("there is no message on standard input");
		return EX_DATAERR;
	}
	return deliver(pipe, config, (int)wait_s * 1000);
}

static int run(struct pipe *pipe, int argc, char **argv)
{
	uint64_t wait_s;
	struct config *config;
	int code;

	if (!str_to_u64(str_c(pipe->wait), PIPE_LOCK_WAIT_S_MAX, &wait_s)) {
		command_misused(
			"pipe", "--wait is a number of seconds, at most %d", PIPE_LOCK_WAIT_S_MAX);
		return EX_USAGE;
	}
	config = command_config(pipe->path);
	if (!config)
		return EX_TEMPFAIL;
	find_recipients(pipe, argc, argv);
	code = prepare(pipe, config, wait_s);
	config_free(config);
	return code;
}

int cmd_pipe(int argc, char **argv)
{
	struct pipe pipe = { .user = "", .stream = "", .wait = "60" };
	const struct command_option options[] = { { "--config", &pipe.path, NULL },
		{ "--user", &pipe.user, NULL }, { "--sender", &pipe.sender, NULL },
		{ "--recipient", &pipe.recipient, NULL }, { "--stream", &pipe.stream, NULL },
		{ "--wait", &pipe.wait, NULL } };
	bool help;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EX_USAGE;
	if (help)
		return EX_OK;
	pipe.arena = arena_new();
	buf_init(&pipe.message, LIMIT_MESSAGE_BYTES + 1);
	code = run(&pipe, argc, argv);
	buf_release(&pipe.message);
	arena_free(pipe.arena);
	return code;
}
