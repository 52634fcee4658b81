/* load/loader.h -- from the spool lanes, through the parsers, into the database: each message exactly once.
 * One loader loads every lane of a node: each lane has its own position, batches and order; parsers and the
 * database connection are shared.
 * Knows: lanes, parsers as sockets, the store. Does not know processes: what it needs of its own comes by
 * loader_outside. */
#pragma once
#include "core/config.h"
#include "core/err.h"

struct loader;
struct store;

struct loader_outside {
	int stop_fd;    /* readable when the loader is to stop */
	int parsers_fd; /* readable when a parser's socket waits; hung up: stop */
	int (*take_parser)(
		void *context); /* the next socket, which is the loader's then; -1: none waits */
	void *context;
};

/* Reads the settings, and logs what is wrong with them. `config` must outlive the loader. */
MUST_CHECK enum err loader_new(const struct config *config, struct loader **ret_loader);
/* Takes NULL. */
void loader_free(struct loader *loader);
/* Loads until it is told to stop: ERR_OK or ERR_CLOSED. After any other error the next loader starts where the
 * database says. */
MUST_CHECK enum err loader_run(
	struct loader *loader, struct store *store, const struct loader_outside *outside);
