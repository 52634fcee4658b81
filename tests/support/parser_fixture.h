/* tests/support/parser_fixture.h -- the built-in rules, and mails out of files, for programs that parse. */
#pragma once
#include "parser/parse.h"

#include <stdio.h>
#include <stdlib.h>

/* Ends the program where they cannot be loaded. The caller frees them. */
static inline struct parse_rules *fixture_rules(void)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const struct parse_source *sources;
	size_t n = parse_builtin_sources(&sources);
	struct parse_rules *rules;
	struct str trouble = STR_EMPTY;

	if (!parse_rules_load(arena, sources, n, &rules, &trouble))
		return rules;
	fprintf(stderr, "%.*s\n", STR_ARG(trouble));
	exit(EXIT_FAILURE);
}

/* At most `most` bytes of the file; empty where it cannot be read. */
static inline struct str fixture_read(struct arena *arena, const char *path, size_t most)
{
	FILE *file = fopen(path, "rb");
	char *bytes;
	size_t n;

	if (!file)
		return STR_EMPTY;
	bytes = arena_alloc(arena, most);
	n = fread(bytes, 1, most, file);
	fclose(file);
	return str_from(bytes, n);
}
