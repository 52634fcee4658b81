/* cli/tools/cmd_rules.c -- `bounced rules`: what is wrong with rules that load, and the list of them. */
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/tools/rules_load.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/utf8.h"
#include "parser/rules_check.h"
#include "parser/rules_list.h"

#include <stdio.h>
#include <string.h>

/* "own.rules:12: text.mine.1: shadowed: an earlier rule always decides (text.user_unknown.3): no such user" */
static void print_finding(struct arena *arena, const struct rules_finding *finding)
{
	struct str meaning = rules_trouble_meaning(finding->trouble),
		   name = rules_trouble_name(finding->trouble),
		   text = utf8_clean(arena, finding->text);

	printf("%.*s:%u: ", STR_ARG(finding->source), finding->line);
	if (finding->id.n)
		printf("%.*s: ", STR_ARG(finding->id));
	printf("%.*s: %.*s", STR_ARG(name), STR_ARG(meaning));
	if (finding->other.n)
		printf(" (%.*s)", STR_ARG(finding->other));
	if (text.n)
		printf(": %.*s", STR_ARG(text));
	putchar('\n');
}

static int check(const struct parse_rules *rules, struct arena *arena, const char *cases_file)
{
	const struct parse_source *builtin;
	size_t n = 0, n_builtin = parse_builtin_cases(&builtin);
	struct parse_source *cases = arena_calloc(arena, n_builtin + 1, sizeof *cases);
	struct rules_findings findings;

	for (; n < n_builtin; n++)
		cases[n] = builtin[n];
	if (cases_file && !rules_file_read(cases_file, arena, &cases[n++]))
		return EXIT_CODE_USAGE;
	rules_check(parse_rules_set(rules), cases, n, arena, &findings);
	for (size_t i = 0; i < findings.n; i++)
		print_finding(arena, &findings.items[i]);
	printf("%zu rules, %zu found\n", rules_list_count(rules), findings.n);
	return findings.n ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static int list(const struct parse_rules *rules)
{
	for (size_t i = 0; i < rules_list_count(rules); i++) {
		struct rules_row rule = rules_list_row(rules, i);
		struct str reason = reason_name(rule.reason),
			   pattern = rule.pattern.n ? rule.pattern : STR("*");

		printf("%-36.*s %-22.*s %4.2f  %.*s\n", STR_ARG(rule.id), STR_ARG(reason),
			rule.confidence, STR_ARG(pattern));
	}
	return EXIT_CODE_OK;
}

int cmd_rules(int argc, char **argv)
{
	const char *rules_file = NULL, *cases_file = NULL;
	const struct command_option options[] = { { "--rules", &rules_file, NULL },
		{ "--cases", &cases_file, NULL } };
	struct parse_rules *rules;
	struct arena *arena;
	bool help;
	int code;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc != 2 || (strcmp(argv[1], "check") && strcmp(argv[1], "list")))
		return command_misused("rules", "\"check\" or \"list\" is needed");
	rules = rules_load_or_say(rules_file);
	if (!rules)
		return EXIT_CODE_USAGE;
	arena = arena_new();
	code = strcmp(argv[1], "list") ? check(rules, arena, cases_file) : list(rules);
	arena_free(arena);
	parse_rules_free(rules);
	return fflush(stdout) ? EXIT_CODE_FAILED : code;
}
