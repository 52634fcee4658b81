/* cli/suppress/cmd_policy.c -- `bounced policy`: what suppresses whom, as it is configured, and what another policy would have done. */
#define _GNU_SOURCE
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/suppress/cmd_policy_backtest.h"
#include "core/attr.h"
#include "suppress/suppress_settings.h"

#include <stdio.h>
#include <string.h>

/* Of two rules for the same the first is the configuration's. */
static bool is_replaced(const struct policy_rules *rules, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (str_eq(rules->row[i].stream, rules->row[at].stream) &&
			str_eq(rules->row[i].what, rules->row[at].what))
			return true;
	return false;
}

static void print_rule(const struct policy_rule *rule, bool configured)
{
	printf("rule\t%.*s\t%.*s\t", STR_ARG(rule->stream.n ? rule->stream : STR("*")),
		STR_ARG(rule->what));
	if (rule->strikes)
		printf("%u strike%s over %u days\t", rule->strikes, rule->strikes == 1 ? "" : "s",
			rule->days);
	else
		printf("never\t");
	if (rule->strikes && rule->expire_days)
		printf("for %u days", rule->expire_days);
	else
		printf("%s", rule->strikes ? "for good" : "-");
	puts(configured ? "\tconfigured" : "\tbuilt in");
}

static int show(const struct suppress_settings *settings)
{
	struct str streams = config_str(settings->config, CONFIG_SUPPRESS_SIGNED_STREAMS);
	struct str configured = config_str(settings->config, CONFIG_SUPPRESS_RULES), item;
	size_t n_configured = 0;

	while (config_item(settings->config, CONFIG_SUPPRESS_RULES, n_configured, &item))
		n_configured++;
	printf("unsigned\t%.*s\nsigned_streams\t%.*s\nscope\t%s\nstrikes\t%u\nstrike_window_days\t%"
	       "u\n"
	       "network_strikes\t%u\nunsigned_recipients\t%lld\nunsubscribes\t%s\nrules\t%.*s\n",
		STR_ARG(unsigned_mode_name(settings->unsigned_mode)),
		STR_ARG(streams.n ? streams : STR("-")), settings->per_stream ? "stream" : "global",
		settings->strikes, settings->window_days, settings->network_strikes,
		(long long)config_int(settings->config, CONFIG_LOADER_UNSIGNED_RECIPIENTS),
		settings->unsubscribes ? "true" : "false",
		STR_ARG(configured.n ? configured : STR("-")));
	for (size_t i = 0; i < settings->rules.n; i++)
		if (!is_replaced(&settings->rules, i))
			print_rule(&settings->rules.row[i], i < n_configured);
	printf("rule\t*\tblock\tnever\t-\tbuilt in\n");
	return fflush(stdout) ? command_failed("cannot write to standard output") : EXIT_CODE_OK;
}

static int run_policy(
	void *context, const struct config *config, struct arena *arena, int argc, char **argv)
{
	struct suppress_settings settings;
	struct str trouble;

	if (suppress_settings_load(config, arena, &settings, &trouble)) {
		command_failed("%.*s", STR_ARG(trouble));
		return EXIT_CODE_USAGE;
	}
	if (argc == 2 && !strcmp(argv[1], "show"))
		return show(&settings);
	if (argc == 2 && !strcmp(argv[1], "backtest"))
		return cmd_policy_backtest(config, arena, context);
	return command_misused("policy", "show or backtest is needed");
}

int cmd_policy(int argc, char **argv)
{
	struct policy_options options = { .compare = false };
	const struct command_option all[] = { { "--since", &options.since, NULL },
		{ "--policy", &options.policy, NULL }, { "--format", &options.format, NULL },
		{ "--compare", NULL, &options.compare } };

	return command_configured(argc, argv, all, ARRAY_LEN(all), run_policy, &options);
}
