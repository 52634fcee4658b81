#include "parser/match/databases.h"

#include "parser/match/pattern.h"

#include <stdlib.h>

/* Unicode case costs states; a pattern of ASCII alone has no use for it, and one with gaps cannot pay
 * for it: where "[^\n]*" is a run of characters instead of bytes, compiling takes seconds. */
static unsigned flags_for(struct str pattern, enum matcher_space space)
{
	unsigned flags = HS_FLAG_CASELESS | HS_FLAG_DOTALL | HS_FLAG_MULTILINE;

	for (size_t i = 0; i < pattern.n && space == MATCHER_ONE_SPACE; i++)
		if ((unsigned char)pattern.p[i] >= 0x80)
			return flags | HS_FLAG_UTF8;
	return flags;
}

struct patterns patterns_new(struct arena *arena, size_t n)
{
	return (struct patterns){ arena_calloc(arena, n + 1, sizeof(const char *)),
		arena_calloc(arena, n + 1, sizeof(unsigned)),
		arena_calloc(arena, n + 1, sizeof(unsigned)), 0 };
}

void patterns_add(struct patterns *patterns, const char *expression, unsigned flags, unsigned id)
{
	patterns->expressions[patterns->n] = expression;
	patterns->flags[patterns->n] = flags;
	patterns->ids[patterns->n++] = id;
}

struct patterns patterns_read(
	struct arena *arena, const struct str *patterns, size_t n, enum matcher_space space)
{
	struct patterns p = patterns_new(arena, n);

	for (size_t i = 0; i < n; i++)
		patterns_add(&p,
			space == MATCHER_SPACE_RUN ? pattern_with_runs(arena, patterns[i])
						   : arena_c(arena, patterns[i]),
			flags_for(patterns[i], space), (unsigned)i);
	return p;
}

struct width patterns_width(const struct patterns *patterns, size_t pattern)
{
	hs_compile_error_t *error = NULL;
	hs_expr_info_t *info = NULL;
	struct width width;

	if (hs_expression_info(patterns->expressions[pattern], patterns->flags[pattern], &info,
		    &error) != HS_SUCCESS)
		abort(); /* out of memory: it was compiled before */
	width = (struct width){ info->min_width, info->max_width };
	free(info);
	return width;
}

hs_error_t databases_compile(const struct patterns *patterns, hs_database_t **ret_database,
	hs_compile_error_t **ret_error)
{
	static const hs_platform_info_t any_platform = { 0 };

	*ret_database = NULL;
	if (!patterns->n)
		return HS_SUCCESS;
	return hs_compile_multi(patterns->expressions, patterns->flags, patterns->ids,
		(unsigned)patterns->n, HS_MODE_BLOCK, &any_platform, ret_database, ret_error);
}

hs_database_t *databases_compile_alone(const struct patterns *patterns, size_t pattern)
{
	hs_compile_error_t *error = NULL;
	hs_database_t *database = NULL;

	if (hs_compile(patterns->expressions[pattern], patterns->flags[pattern], HS_MODE_BLOCK,
		    NULL, &database, &error) != HS_SUCCESS)
		abort(); /* out of memory, likewise */
	return database;
}
