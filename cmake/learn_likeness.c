/* cmake/learn_likeness.c -- runs within the build: learns which refusals are like each other from the golden cases of the rules
 * and from lists of replies, and writes the weights, to be embedded. usage: learn_likeness OUT LIST... */
#include "cmake/whole_file.h"
#include "parser/learn.h"

enum { LISTS_MOST = 64 };

static enum err learn(
	struct arena *arena, int argc, char **argv, struct str *ret_bytes, struct str *ret_trouble)
{
	struct parse_source lists[LISTS_MOST];
	const struct parse_source *sources;
	struct parse_rules *rules;
	size_t n = parse_builtin_sources(&sources), n_lists = 0;
	enum err err = parse_rules_load(arena, sources, n, &rules, ret_trouble);

	if (err)
		return err;
	for (int i = 2; i < argc; i++)
		lists[n_lists++] = (struct parse_source){ str_c(argv[i]),
			whole_file_read(arena, argv[i]), true };
	err = learn_likeness(arena, rules, lists, n_lists, ret_bytes, ret_trouble);
	parse_rules_free(rules);
	return err;
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct str bytes, trouble;

	if (argc < 2 || argc > 2 + LISTS_MOST)
		return 2;
	if (learn(arena, argc, argv, &bytes, &trouble)) {
		fprintf(stderr, "%.*s\n", STR_ARG(trouble));
		return 1;
	}
	whole_file_write(argv[1], bytes);
	arena_free(arena);
	return 0;
}
