#include "parser/compiled.h"

#include "parser/notice/format.h"
#include "parser/parse.h"
#include "parser/reason/rules.h"

#include <assert.h>

static_assert(COMPILED_DATABASES == FORMAT_SETS + 1, "each set of anchors, and the rules");

enum err compiled_make(struct arena *arena, struct str ret_databases[static COMPILED_DATABASES],
	struct str *ret_trouble)
{
	const struct parse_source *sources;
	size_t n = parse_builtin_sources(&sources);
	struct formats *formats;
	struct rules *rules;
	enum err err = rules_load(arena, sources, n, &rules, ret_trouble);

	if (err)
		return err;
	formats = formats_new();
	for (int i = 0; i < FORMAT_SETS; i++)
		ret_databases[i] = formats_serialize(arena, formats, (enum format_set)i);
	ret_databases[FORMAT_SETS] = rules_serialize(arena, rules);
	formats_free(formats);
	rules_free(rules);
	return ERR_OK;
}
