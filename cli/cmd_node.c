/* cli/cmd_node.c -- `bounced node`: who loads into this database, and what becomes of nodes that are gone. */
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "cli/node_adopt.h"
#include "cli/node_list.h"
#include "cli/server/command_audit.h"
#include "cli/server/command_config.h"
#include "store/store_access.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { NODE_JSON_BYTES = 16 << 20, NODE_DAY_S = 24 * 60 * 60 };

struct node_options {
	const char *format, *user;
	bool force;
};

static int refused(struct store *store, enum err err)
{
	return command_failed("%s: %.*s", err_text(err), STR_ARG(store_error(store)));
}

/* ---- list ---- */

static int list(struct store *store, struct arena *arena, const struct node_options *options)
{
	struct node_told *nodes = NULL;
	enum err err = node_list_read(store, arena, &nodes);
	struct buf json;

	if (err)
		return refused(store, err);
	if (strcmp(options->format, "json")) {
		node_list_print(nodes);
		return EXIT_CODE_OK;
	}
	buf_init(&json, NODE_JSON_BYTES);
	node_list_json(nodes, &json);
	printf("%.*s\n", STR_ARG(buf_str(&json)));
	buf_release(&json);
	return EXIT_CODE_OK;
}

/* ---- forget ---- */

/* What is not in the database yet would be lost sight of. */
static bool may_forget(const struct node_told *node, const char *id)
{
	if (node && node->backlog) {
		command_failed("%s has %" PRIu64
			       " messages that are not loaded: start it, or: bounced "
			       "node adopt DIR (--force: forget it all the same)",
			id, node->backlog);
		return false;
	}
	if (node && node->newest && !node->newest->adopted && node->newest->age_s < NODE_DAY_S) {
		command_failed(
			"%s was seen %" PRId64
			" s ago, and for a day nobody knows whether it comes back (--force: forget "
			"it all the same)",
			id, node->newest->age_s);
		return false;
	}
	return true;
}

static int forget(struct store *store, struct arena *arena, const struct node_options *options,
	const char *id)
{
	struct node_told *nodes = NULL;
	enum err err = node_list_read(store, arena, &nodes);

	if (err)
		return refused(store, err);
	if (!options->force && !may_forget(node_list_find(nodes, str_c(id)), id))
		return EXIT_CODE_FAILED;
	err = store_noted_begin(store);
	if (!err) {
		err = store_node_forget(store, str_c(id));
		if (!err)
			err = command_audit(store, "node.forget", str_c(id), STR_EMPTY, 1);
		err = store_noted_end(store, err);
	}
	if (err == ERR_NOT_FOUND)
		return command_failed("%s: neither a node nor the spool of one", id);
	if (err)
		return refused(store, err);
	printf("%s is not listed any more, unless it comes back.\n", id);
	return EXIT_CODE_OK;
}

/* ---- the command ---- */

static int node(
	void *context, const struct config *config, struct arena *arena, int argc, char **argv)
{
	const struct node_options *options = context;
	const char *verb = argc > 1 ? argv[1] : "";
	bool lists = !strcmp(verb, "list"), forgets = !strcmp(verb, "forget");
	struct store *store;
	int code;

	if (!strcmp(verb, "adopt") && argc == 3)
		return node_adopt(config, arena, argv[2], options->user, options->force);
	if (!(lists && argc == 2) && !(forgets && argc == 3))
		return command_misused("node", "takes list, adopt DIR or forget ID");
	if (strcmp(options->format, "text") && strcmp(options->format, "json"))
		return command_misused("node", "--format is text or json");
	store = command_store(config, arena, "bounced node");
	if (!store)
		return EXIT_CODE_FAILED;
	code = lists ? list(store, arena, options) : forget(store, arena, options, argv[2]);
	store_close(store);
	return code;
}

int cmd_node(int argc, char **argv)
{
	struct node_options node_options = { .format = "text", .user = "" };
	const struct command_option options[] = { { "--format", &node_options.format, NULL },
		{ "--user", &node_options.user, NULL }, { "--force", NULL, &node_options.force } };

	return command_configured(argc, argv, options, ARRAY_LEN(options), node, &node_options);
}
