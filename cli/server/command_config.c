#include "cli/server/command_config.h"

#include "serve/settings/config_load.h"
#include "store/database_settings.h"
#include "store/store.h"

#include <assert.h>

enum { DATABASE_PROBLEM_BYTES = 4096, COMMAND_MAX_OPTIONS = 8 };

void command_findings(const struct findings *findings, enum finding_weight weight)
{
	for (size_t i = 0; i < findings->n; i++)
		if (findings->weights[i] == weight)
			command_failed("%s%.*s", weight == FINDING_WARNING ? "warning: " : "",
				STR_ARG(findings->texts[i]));
	if (weight == FINDING_ERROR && findings->errors > findings->n)
		command_failed("and %zu more", findings->errors - findings->n);
}

struct config *command_config_found(const char *path, struct findings *findings)
{
	struct config *config = config_new();

	if (!config_load(config, path, findings))
		return config;
	command_findings(findings, FINDING_ERROR);
	config_free(config);
	return NULL;
}

struct config *command_config(const char *path)
{
	struct arena *arena = arena_new();
	struct findings *findings = arena_zalloc(arena, sizeof *findings);
	struct config *config;

	findings_init(findings, arena);
	config = command_config_found(path, findings);
	arena_free(arena);
	return config;
}

struct config *command_config_over(const struct config *config, const char *path)
{
	struct arena *arena = arena_new();
	struct findings *findings = arena_zalloc(arena, sizeof *findings);
	struct config *over = config_new();
	struct str trouble;

	findings_init(findings, arena);
	for (int i = 0; i < CONFIG_COUNT; i++)
		if (config_set(over, (enum config_id)i, config_str(config, (enum config_id)i),
			    arena, &trouble))
			findings_add(findings, FINDING_ERROR, trouble);
	if (config_load_over(over, path, findings) || findings->errors) {
		command_findings(findings, FINDING_ERROR);
		config_free(over);
		over = NULL;
	}
	arena_free(arena);
	return over;
}

enum err command_store_open(const struct config *config, struct arena *arena, const char *name,
	struct buf *problem, struct store **ret_store)
{
	const struct store_options options = { .application_name = name,
		.idle_timeout_ms = STORE_IDLE_COMMAND_MS,
		.providers = config_str(config, CONFIG_DOMAIN_PROVIDERS),
		.mx_lookups = config_bool(config, CONFIG_DOMAIN_MX_LOOKUPS) };
	const char *conninfo;
	enum err err = database_conninfo(config, arena, &conninfo);

	return err ? err : store_open(conninfo, &options, problem, ret_store);
}

struct store *command_store(const struct config *config, struct arena *arena, const char *name)
{
	struct buf problem = BUF_INIT(DATABASE_PROBLEM_BYTES);
	struct store *store = NULL;

	if (command_store_open(config, arena, name, &problem, &store))
		command_failed("no database: %.*s%s", STR_ARG(buf_str(&problem)),
			database_is_private(config)
				? " (the private cluster runs only under \"bounced serve\")"
				: "");
	buf_release(&problem);
	return store;
}

int command_configured(int argc, char **argv, const struct command_option *options,
	size_t n_options, command_fn *run, void *context)
{
	struct command_option all[COMMAND_MAX_OPTIONS];
	const char *path = NULL;
	struct config *config;
	struct arena *arena;
	bool help;
	int code;

	assert(n_options < COMMAND_MAX_OPTIONS);
	for (size_t i = 0; i < n_options; i++)
		all[i] = options[i];
	all[n_options] = (struct command_option){ "--config", &path, NULL };
	if (!command_options(argc, argv, all, n_options + 1, &argc, &help))
		return EXIT_CODE_USAGE;
	if (help)
		return EXIT_CODE_OK;
	config = command_config(path);
	if (!config)
		return EXIT_CODE_USAGE;
	arena = arena_new();
	code = run(context, config, arena, argc, argv);
	arena_free(arena);
	config_free(config);
	return code;
}
