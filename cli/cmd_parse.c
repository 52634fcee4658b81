/* cli/cmd_parse.c -- `bounced parse` and `bounced classify`: the parser as a filter, nothing stored. */
#include "cli/command_line.h"
#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/rules_load.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/limits.h"
#include "core/report_json.h"
#include "ingest/mailbox/mailbox.h"

#include <stdio.h>
#include <string.h>

struct run {
	struct parser *parser;
	struct arena *arena;
	struct report_json_options options;
	struct buf out;
	bool explain, failed;
};

static void flush(struct run *run)
{
	if (fwrite(run->out.p, 1, run->out.n, stdout) != run->out.n)
		run->failed = true;
	buf_reset(&run->out);
}

static void parse_mail(struct run *run, const char *path, struct str message)
{
	struct report report;

	parse_message(run->parser, run->arena, NULL, message, &report);
	if (run->explain)
		explain_write(&report, str_c(path), &run->out);
	else
		ERR_IGNORE(report_json_write(&report, str_c(path), run->options, &run->out),
			"buf_check tells below, for both");
	if (buf_check(&run->out)) {
		command_failed("%s: the report is too large", path);
		run->failed = true;
	}
	flush(run);
	arena_reset(run->arena);
}

static void parse_file(struct run *run, const char *path)
{
	struct mailbox_message message;
	struct mailbox *mailbox;
	enum err err = mailbox_open(path, MAILBOX_AUTO, &mailbox);

	if (err) {
		command_failed("%s: %s", path, err_text(err));
		run->failed = true;
		return;
	}
	while ((err = mailbox_next(mailbox, run->arena, &message)) != ERR_NOT_FOUND) {
		if (err) {
			command_failed("%s: %s", path, err_text(err));
			run->failed = true;
		} else {
			parse_mail(run, path, message.bytes);
		}
	}
	mailbox_free(mailbox);
}

static bool run_init(struct run *run, const char *command, const char *rules_file,
	const char *taxonomy, struct parse_rules **ret_rules)
{
	if (!taxonomy_option(command, taxonomy, &run->options))
		return false;
	*ret_rules = rules_load_or_say(rules_file);
	if (!*ret_rules)
		return false;
	run->parser = parser_new(*ret_rules);
	run->arena = arena_new();
	buf_init(&run->out, LIMIT_FRAME_BYTES);
	return true;
}

static int run_end(struct run *run, struct parse_rules *rules)
{
	if (fflush(stdout))
		run->failed = true;
	buf_release(&run->out);
	arena_free(run->arena);
	parser_free(run->parser);
	parse_rules_free(rules);
	return run->failed ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

int cmd_parse(int argc, char **argv)
{
	const char *rules_file = NULL, *taxonomy = NULL;
	bool pretty = false, help;
	struct run run = { 0 };
	const struct command_option options[] = { { "--pretty", NULL, &pretty },
		{ "--explain", NULL, &run.explain }, { "--taxonomy", &taxonomy, NULL },
		{ "--rules", &rules_file, NULL } };
	struct parse_rules *rules;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc < 2)
		return command_misused("parse", "a FILE is needed, or - for standard input");
	run.options.style = pretty ? REPORT_JSON_PRETTY : REPORT_JSON_LINE;
	if (!run_init(&run, argv[0], rules_file, taxonomy, &rules))
		return EXIT_CODE_USAGE;
	for (int i = 1; i < argc; i++)
		parse_file(&run, argv[i]);
	return run_end(&run, rules);
}

int cmd_classify(int argc, char **argv)
{
	const char *rules_file = NULL, *taxonomy = NULL, *remote_mta = NULL;
	bool pretty = false, help;
	const struct command_option options[] = { { "--pretty", NULL, &pretty },
		{ "--taxonomy", &taxonomy, NULL }, { "--rules", &rules_file, NULL },
		{ "--remote-mta", &remote_mta, NULL } };
	struct parse_rules *rules;
	struct run run = { 0 };

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc < 2)
		return command_misused("classify", "the TEXT of an SMTP reply is needed");
	run.options.style = pretty ? REPORT_JSON_PRETTY : REPORT_JSON_LINE;
	if (!run_init(&run, argv[0], rules_file, taxonomy, &rules))
		return EXIT_CODE_USAGE;
	for (int i = 1; i < argc; i++) {
		struct event event;

		parse_reply(run.parser, run.arena, str_c(argv[i]), str_c(remote_mta), &event);
		run.failed |= report_json_write_event(&event, run.options, &run.out) != ERR_OK;
		buf_putc(&run.out, '\n');
		flush(&run);
		arena_reset(run.arena);
	}
	return run_end(&run, rules);
}
