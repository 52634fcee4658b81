/* cli/cmd_erase.c -- `bounced erase ADDRESS`: forgets whose the events of an address are. */
#include "cli/server/command_audit.h"
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "core/timestamp.h"
#include "store/store_access.h"
#include "suppress/entry.h"

#include <stdio.h>
#include <time.h>

static void print_erased(const struct store_erased *erased, bool hashed)
{
	printf("Emptied %zu events and %zu messages, deleted the bytes of %zu.\n", erased->events,
		erased->messages, erased->raw);
	if (hashed)
		printf("Counts stay; %zu entries of the suppression list stand under a digest, and "
		       "suppress still.\n",
			erased->entries);
	else
		printf("Counts stay, and so does an entry in the suppression list (--hash-entry "
		       "leaves a digest of it).\n");
}

/* Whose it was is what was to be forgotten: the note has no address. */
static enum err erase_noted(struct store *store, struct arena *arena,
	const struct store_erase *what, bool hash_entry, struct store_erased *erased)
{
	enum err err = store_noted_begin(store);

	if (err)
		return err;
	err = hash_entry ? entry_erase(store, arena, what->address,
				   (int64_t)time(NULL) * TIMESTAMP_SECOND_US, erased)
			 : store_erase(store, what, erased);
	if (!err)
		err = command_audit(store, hash_entry ? "erase.hash_entry" : "erase", STR_EMPTY,
			STR_EMPTY, erased->events);
	return store_noted_end(store, err);
}

static int erase(
	void *context, const struct config *config, struct arena *arena, int argc, char **argv)
{
	const bool *hash_entry = context;
	const struct store_erase what = { .address = str_c(argc == 2 ? argv[1] : "") };
	struct store_erased erased;
	struct store *store;
	int code = EXIT_CODE_OK;
	enum err err;

	if (str_chr(what.address, '@') == STR_NPOS)
		return command_misused("erase", "one ADDRESS is needed");
	store = command_store(config, arena, "bounced erase");
	if (!store)
		return EXIT_CODE_FAILED;
	err = erase_noted(store, arena, &what, *hash_entry, &erased);
	if (err == ERR_SYNTAX)
		code = command_misused("erase", "\"%s\" is no address", argv[1]);
	else if (err)
		code = command_failed("nothing was erased: %.*s", STR_ARG(store_error(store)));
	else
		print_erased(&erased, *hash_entry);
	store_close(store);
	return code;
}

int cmd_erase(int argc, char **argv)
{
	bool hash_entry = false;
	const struct command_option options[] = { { "--hash-entry", NULL, &hash_entry } };

	return command_configured(argc, argv, options, ARRAY_LEN(options), erase, &hash_entry);
}
