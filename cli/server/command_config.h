/* cli/server/command_config.h -- what a command that needs settings or the database begins with. Says what is out of reach. */
#pragma once
#include "cli/command/command_line.h"
#include "core/arena.h"
#include "core/config.h"
#include "serve/settings/findings.h"
#include "store/store.h"

/* The settings of `--config`, or the trouble printed and NULL: exit with EXIT_CODE_USAGE. */
struct config *command_config(const char *path);
/* The same, where what is found later is to have its line, too. `findings` was initialised. */
struct config *command_config_found(const char *path, struct findings *findings);
/* Prints those of this weight, each on a line of standard error. */
void command_findings(const struct findings *findings, enum finding_weight weight);
/* The same settings, with those of the file at `path` laid over them; else the trouble printed and NULL. */
struct config *command_config_over(const struct config *config, const char *path);
/* Connects once. NULL, and the reason printed, when it cannot. The caller closes it. */
struct store *command_store(const struct config *config, struct arena *arena, const char *name);

/* The same without a word: why it could not is appended to `problem`. */
MUST_CHECK enum err command_store_open(const struct config *config, struct arena *arena,
	const char *name, struct buf *problem, struct store **ret_store);

/* The course of a command that needs settings: its options (and --config), the settings, then `run` with the
 * operands that are left, argv[0] being the command's name. `arena` lives as long as the run. */
typedef int command_fn(
	void *context, const struct config *config, struct arena *arena, int argc, char **argv);
int command_configured(int argc, char **argv, const struct command_option *options,
	size_t n_options, command_fn *run, void *context);
