/* cmake/compile_matchers.c -- runs within the build: compiles the built-in rules and anchors and writes
 * them as the library serializes them, to be embedded. usage: compile_matchers
 * ANCHORS... RULES, a file for each set of anchors */
#include "cmake/whole_file.h"
#include "parser/compiled.h"

int main(int argc, char **argv)
{
	struct str databases[COMPILED_DATABASES], trouble;
	struct arena *arena = arena_new();

	if (argc != 1 + COMPILED_DATABASES)
		return 2;
	if (compiled_make(arena, databases, &trouble)) {
		fprintf(stderr, "%.*s\n", STR_ARG(trouble));
		return 1;
	}
	for (int i = 0; i < COMPILED_DATABASES; i++)
		whole_file_write(argv[1 + i], databases[i]);
	arena_free(arena);
	return 0;
}
