/* cli/cmd_erase.c -- `bounced erase ADDRESS`: forgets whose the events of an address are. */
#include "cli/command/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "core/attr.h"
#include "store/store.h"

#include <stdio.h>

static int erase(void *context UNUSED, const struct config *config, struct arena *arena, int argc,
	char **argv)
{
	struct store_erased erased;
	struct store *store;
	int code = EXIT_CODE_OK;

	if (argc != 2 || str_chr(str_c(argv[1]), '@') == STR_NPOS)
		return command_misused("erase", "one ADDRESS is needed");
	store = command_store(config, arena, "bounced erase");
	if (!store)
		return EXIT_CODE_FAILED;
	if (store_erase(store, str_c(argv[1]), &erased))
		code = command_failed("nothing was erased: %.*s", STR_ARG(store_error(store)));
	else
		printf("Emptied %zu events and %zu messages, deleted the bytes of %zu.\n"
		       "Counts stay, and so does an entry in the suppression list.\n",
			erased.events, erased.messages, erased.raw);
	store_close(store);
	return code;
}

int cmd_erase(int argc, char **argv)
{
	return command_configured(argc, argv, NULL, 0, erase, NULL);
}
