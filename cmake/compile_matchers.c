/* cmake/compile_matchers.c -- runs within the build: compiles the built-in rules and anchors and writes
 * them as the library serializes them, to be embedded. usage: compile_matchers
 * ANCHORS... RULES, a file for each set of anchors */
#include "parser/notice/format.h"
#include "parser/parse.h"
#include "parser/reason/rules.h"

#include <stdio.h>
#include <stdlib.h>

static void write_file(const char *path, struct str bytes)
{
	FILE *file = fopen(path, "wb");

	if (!file || fwrite(bytes.p, 1, bytes.n, file) != bytes.n || fclose(file)) {
		perror(path);
		exit(1);
	}
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	const struct parse_source *sources;
	size_t n = parse_builtin_sources(&sources);
	struct formats *formats;
	struct rules *rules;
	struct str trouble;

	if (argc != 1 + FORMAT_SETS + 1)
		return 2;
	if (rules_load(arena, sources, n, &rules, &trouble)) {
		fprintf(stderr, "%.*s\n", STR_ARG(trouble));
		return 1;
	}
	formats = formats_new();
	for (int i = 0; i < FORMAT_SETS; i++)
		write_file(argv[1 + i], formats_serialize(arena, formats, (enum format_set)i));
	write_file(argv[1 + FORMAT_SETS], rules_serialize(arena, rules));
	formats_free(formats);
	rules_free(rules);
	arena_free(arena);
	return 0;
}
