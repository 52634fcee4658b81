/* cli/tools/cmd_classify.c -- `bounced classify`: a verdict for each bare SMTP reply. */
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/tools/explain.h"
#include "cli/tools/rules_load.h"
#include "cli/tools/verdict_memo.h"
#include "core/arena.h"
#include "core/limits.h"
#include "core/report_json.h"
#include "core/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_BYTES = 64 << 10 }; /* of output, while more lines come */

struct run {
	struct parser *parser;
	struct arena *arena;
	struct verdict_memo *memo;
	struct report_json_options options;
	struct buf out;
	bool explain, tsv, failed;
};

static void flush(struct run *run)
{
	if (fwrite(run->out.p, 1, run->out.n, stdout) != run->out.n || fflush(stdout))
		run->failed = true;
	buf_reset(&run->out);
}

static void write_verdict(struct run *run, struct str reply, struct str remote_mta)
{
	struct event event;

	parse_reply(run->parser, run->arena, reply, remote_mta, &event);
	if (run->explain) {
		explain_event(&event, &run->out);
	} else {
		run->failed |= report_json_write_event(&event, run->options, &run->out) != ERR_OK;
		buf_putc(&run->out, '\n');
	}
	arena_reset(run->arena);
}

static void judge(struct run *run, struct str reply, struct str remote_mta)
{
	struct str known = verdict_memo_get(run->memo, reply, remote_mta);
	size_t from = run->out.n;

	if (known.n) {
		buf_put(&run->out, known);
	} else {
		write_verdict(run, reply, remote_mta);
		verdict_memo_put(run->memo, reply, remote_mta, str_skip(buf_str(&run->out), from));
	}
	if (run->out.n > HELD_BYTES)
		flush(run);
}

/* One reply a line; with --tsv what stands behind a tab is its remote MTA. */
static void judge_lines(struct run *run, struct str remote_mta)
{
	char *line = NULL;
	size_t cap = 0;
	ssize_t n;

	while ((n = getline(&line, &cap, stdin)) > 0) {
		struct str reply = str_trim(str_from(line, (size_t)n)), mta = remote_mta, told;

		if (run->tsv && str_cut(reply, '\t', &reply, &told))
			mta = str_trim(told);
		judge(run, reply, mta);
	}
	run->failed |= ferror(stdin) != 0;
	free(line);
}

static int judge_all(struct run *run, int argc, char **argv, struct str remote_mta)
{
	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "-"))
			judge_lines(run, remote_mta);
		else
			judge(run, str_c(argv[i]), remote_mta);
	}
	flush(run);
	return run->failed ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

int cmd_classify(int argc, char **argv)
{
	const char *rules_file = NULL, *taxonomy = NULL, *remote_mta = NULL;
	bool pretty = false, help;
	struct run run = { 0 };
	const struct command_option options[] = { { "--pretty", NULL, &pretty },
		{ "--explain", NULL, &run.explain }, { "--tsv", NULL, &run.tsv },
		{ "--taxonomy", &taxonomy, NULL }, { "--rules", &rules_file, NULL },
		{ "--remote-mta", &remote_mta, NULL } };
	struct parse_rules *rules;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc < 2)
		return command_misused(
			"classify", "the TEXT of an SMTP reply is needed, or - for a reply a line");
	if (!taxonomy_option(argv[0], taxonomy, &run.options))
		return EXIT_CODE_USAGE;
	run.options.style = pretty ? REPORT_JSON_PRETTY : REPORT_JSON_LINE;
	rules = rules_load_or_say(rules_file);
	if (!rules)
		return EXIT_CODE_USAGE;
	run.parser = parser_new(rules);
	parser_ask_account(run.parser, run.explain);
	run.arena = arena_new();
	run.memo = verdict_memo_new();
	buf_init(&run.out, LIMIT_FRAME_BYTES);
	code = judge_all(&run, argc, argv, str_c(remote_mta));
	buf_release(&run.out);
	arena_free(run.arena);
	verdict_memo_free(run.memo);
	parser_free(run.parser);
	parse_rules_free(rules);
	return code;
}
