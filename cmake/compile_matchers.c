/* cmake/compile_matchers.c -- runs within the build: compiles the built-in rules and anchors and writes
 * them as the library serializes them, to be embedded. usage: compile_matchers FIRST_ANCHORS LAST_ANCHORS RULES */
#include "parser/format.h"
#include "parser/rules.h"

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

	if (argc != 4)
		return 2;
	if (rules_load(arena, sources, n, &rules, &trouble)) {
		fprintf(stderr, "%.*s\n", STR_ARG(trouble));
		return 1;
	}
	formats = formats_new();
	write_file(argv[1], formats_serialize(arena, formats, FORMAT_SET_FIRST));
	write_file(argv[2], formats_serialize(arena, formats, FORMAT_SET_LAST));
	write_file(argv[3], rules_serialize(arena, rules));
	formats_free(formats);
	rules_free(rules);
	arena_free(arena);
	return 0;
}
