/* cli/tools/cmd_parse.c -- `bounced parse`: the parser as a filter, nothing stored. */
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/tools/explain.h"
#include "cli/tools/mail_paths.h"
#include "cli/tools/parse_jobs.h"
#include "cli/tools/rules_load.h"
#include "core/report_json.h"

struct printing {
	struct report_json_options options;
	bool explain;
};

static void print_report(
	const void *context, const struct report *report, const char *path, struct buf *out)
{
	const struct printing *p = context;

	if (p->explain)
		explain_write(report, str_c(path), out);
	else
		ERR_IGNORE(report_json_write(report, str_c(path), p->options, out),
			"the caller asks whether all of it fitted");
}

static bool read_jobs(const char *text, unsigned *ret_threads)
{
	uint64_t n = 1;

	if (text && (!str_to_u64(str_c(text), JOBS_MOST, &n) || !n)) {
		command_misused(
			"parse", "--jobs is a number from 1 to %d, not \"%s\"", JOBS_MOST, text);
		return false;
	}
	*ret_threads = (unsigned)n;
	return true;
}

/* The operands' files, all of them: a folder that cannot be read does not keep the others. */
static int parse_all(struct parse_jobs *jobs, int argc, char **argv)
{
	struct mail_paths paths = { 0 };
	bool good = true;

	for (int i = 1; i < argc; i++)
		good = mail_paths_add(&paths, argv[i]) && good;
	jobs->paths = paths.items;
	jobs->n_paths = paths.n;
	good = parse_jobs_run(jobs) && good;
	mail_paths_release(&paths);
	return good ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int cmd_parse(int argc, char **argv)
{
	const char *rules_file = NULL, *taxonomy = NULL, *threads = NULL;
	bool pretty = false, help;
	struct printing printing = { .explain = false };
	const struct command_option options[] = { { "--pretty", NULL, &pretty },
		{ "--explain", NULL, &printing.explain }, { "--taxonomy", &taxonomy, NULL },
		{ "--rules", &rules_file, NULL }, { "--jobs", &threads, NULL } };
	struct parse_jobs jobs = { .report = print_report, .context = &printing };
	struct parse_rules *rules;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc < 2)
		return command_misused("parse", "a FILE is needed, or - for standard input");
	if (!read_jobs(threads, &jobs.threads) ||
		!taxonomy_option(argv[0], taxonomy, &printing.options))
		return EXIT_CODE_USAGE;
	printing.options.style = pretty ? REPORT_JSON_PRETTY : REPORT_JSON_LINE;
	rules = rules_load_or_say(rules_file);
	if (!rules)
		return EXIT_CODE_USAGE;
	jobs.rules = rules;
	jobs.account = printing.explain;
	code = parse_all(&jobs, argc, argv);
	parse_rules_free(rules);
	return code;
}
