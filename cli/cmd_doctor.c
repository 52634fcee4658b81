/* cli/cmd_doctor.c -- `bounced doctor`: what is wrong with a server that runs, from inside and from outside, and what to do. */
#include "cli/server/command_config.h"
#include "cli/command/commands.h"
#include "cli/config_check.h"
#include "cli/doctor/checkup.h"
#include "cli/doctor/doctor_database.h"
#include "cli/doctor/doctor_node.h"
#include "cli/doctor/doctor_outside.h"
#include "core/timestamp.h"
#include "serve/settings/config_load.h"

#include <signal.h>
#include <stdio.h>
#include <time.h>

enum { DOCTOR_JSON_BYTES = 1 << 20 };

struct doctor_options {
	const char *config, *port;
	bool offline, json;
};

static void tell_findings(struct checkup *checkup, const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++)
		checkup_find(checkup,
			findings->weights[i] == FINDING_ERROR ? AILMENT_CONFIG_WRONG
							      : AILMENT_CONFIG_DOUBTFUL,
			STR_EMPTY, findings->texts[i]);
	if (!findings->n)
		checkup_pass(checkup, "config", STR_EMPTY,
			findings->file ? str_c(findings->file) : STR("as built in"));
}

static void examine(struct checkup *checkup, struct findings *findings,
	const struct doctor_options *options, uint16_t port)
{
	unsigned roles = doctor_node_roles(checkup);

	config_check_all(
		checkup->config, roles ? CONFIG_CHECK_RUNNING : CONFIG_CHECK_BEFORE, findings);
	tell_findings(checkup, findings);
	doctor_node_spool(checkup);
	doctor_node_api(checkup);
	doctor_database(checkup);
	if (!options->offline)
		doctor_outside(checkup, port);
}

static int tell(const struct checkup *checkup, bool json)
{
	struct buf out = BUF_INIT(DOCTOR_JSON_BYTES);

	if (json) {
		checkup_json(checkup, &out);
		fwrite(out.p, 1, out.n, stdout);
	} else {
		checkup_print(checkup);
	}
	buf_release(&out);
	if (fflush(stdout))
		return command_failed("cannot write to standard output");
	return checkup->counts[CHECKUP_ERROR] ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

static int doctor(const struct doctor_options *options, uint16_t port)
{
	struct arena *arena = arena_new();
	struct findings *findings = arena_zalloc(arena, sizeof *findings);
	struct config *config;
	int code = EXIT_CODE_USAGE;

	findings_init(findings, arena);
	config = command_config_found(options->config, findings);
	if (config) {
		struct checkup *checkup =
			checkup_new(arena, config, (int64_t)time(NULL) * TIMESTAMP_SECOND_US);

		examine(checkup, findings, options, port);
		code = tell(checkup, options->json);
	}
	config_free(config);
	arena_free(arena);
	return code;
}

int cmd_doctor(int argc, char **argv)
{
	struct doctor_options doctor_options = { .port = "25" };
	const struct command_option options[] = { { "--config", &doctor_options.config, NULL },
		{ "--port", &doctor_options.port, NULL },
		{ "--offline", NULL, &doctor_options.offline },
		{ "--json", NULL, &doctor_options.json } };
	uint64_t port;
	bool help;

	if (!command_options(argc, argv, options, ARRAY_LEN(options), &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	if (argc > 1)
		return command_misused("doctor", "does not take \"%s\"", argv[1]);
	if (!str_to_u64(str_c(doctor_options.port), UINT16_MAX, &port) || !port)
		return command_misused("doctor", "--port is 1 to 65535");
	signal(SIGPIPE, SIG_IGN); /* a peer that hangs up in a handshake is a finding */
	return doctor(&doctor_options, (uint16_t)port);
}
