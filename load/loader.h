/* load/loader.h -- from the spool lanes, through the parsers, into the database: each message exactly once.
 * One loader loads every lane of a node: each lane has its own position, batches and order; parsers and the
 * database connection are shared.
 * Knows: lanes, parsers as sockets, the store. Does not know processes: what it needs of its own comes by
 * loader_outside. */
#pragma once
#include "core/config.h"
#include "core/err.h"
#include "load/loader_outside.h"

struct loader;
struct store;

/* Reads the settings, and logs what is wrong with them. `config` must outlive the loader. */
MUST_CHECK enum err loader_new(const struct config *config, struct loader **ret_loader);
/* Takes NULL. */
void loader_free(struct loader *loader);
/* Loads until it is told to stop: ERR_OK or ERR_CLOSED. After any other error the next loader starts where the
 * database says. */
MUST_CHECK enum err loader_run(
	struct loader *loader, struct store *store, const struct loader_outside *outside);
