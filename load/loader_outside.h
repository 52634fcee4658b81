/* load/loader_outside.h -- what the loading loop is told by the process that it runs in. */
#pragma once
#include <stdbool.h>

struct store;

struct loader_outside {
	int stop_fd;    /* readable when the loader is to stop */
	int parsers_fd; /* readable when a parser's socket waits; hung up: stop */
	int (*take_parser)(
		void *context); /* the next socket, which is the loader's then; -1: none waits */
	/* In each turn of the loop, between batches: what the process has to say in the database; NULL: nothing. */
	void (*turn)(void *context, struct store *store);
	void *context;
	bool drains; /* stop when nothing is left to load, as far as the lanes can be read */
};
