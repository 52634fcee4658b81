#include "parser/matcher.h"

#include "core/limits.h"

#include <assert.h>
#include <hs/hs.h>
#include <stdlib.h>
#include <string.h>

struct matcher {
	hs_database_t *database; /* NULL for no pattern at all */
};
struct matcher_scratch {
	hs_scratch_t *hs;
};

/* Each space outside a character class becomes "white space, any amount", or "one" where a count
 * follows it. */
static const char *spaces_to_runs(struct arena *arena, struct str pattern)
{
	char *out = arena_alloc(arena, pattern.n * 3 + 1);
	bool in_class = false;
	size_t n = 0;

	for (size_t i = 0; i < pattern.n; i++) {
		char c = pattern.p[i];

		if (c == ' ' && !in_class) {
			bool counted = i + 1 < pattern.n && strchr("*+?{", pattern.p[i + 1]);

			memcpy(out + n, "\\s+", 3);
			n += counted ? 2 : 3;
			continue;
		}
		out[n++] = c;
		if (c == '\\' && i + 1 < pattern.n)
			out[n++] = pattern.p[++i];
		else if (c == '[')
			in_class = true;
		else if (c == ']')
			in_class = false;
	}
	out[n] = '\0';
	return out;
}

/* Unicode case costs states; a pattern of ASCII alone has no use for it. */
static unsigned flags_for(struct str pattern)
{
	unsigned flags = HS_FLAG_CASELESS | HS_FLAG_DOTALL | HS_FLAG_MULTILINE;

	for (size_t i = 0; i < pattern.n; i++)
		if ((unsigned char)pattern.p[i] >= 0x80)
			return flags | HS_FLAG_UTF8;
	return flags;
}

enum err matcher_compile(struct arena *arena, const struct str *patterns, size_t n,
	enum matcher_space space, struct matcher **ret_matcher, size_t *ret_bad,
	struct str *ret_why)
{
	const char **expressions = arena_calloc(arena, n + 1, sizeof *expressions);
	unsigned *flags = arena_calloc(arena, n + 1, sizeof *flags);
	unsigned *ids = arena_calloc(arena, n + 1, sizeof *ids);
	hs_compile_error_t *error = NULL;
	hs_database_t *database = NULL;
	struct matcher *matcher;

	for (size_t i = 0; i < n; i++) {
		expressions[i] = space == MATCHER_SPACE_RUN ? spaces_to_runs(arena, patterns[i])
							    : arena_c(arena, patterns[i]);
		flags[i] = flags_for(patterns[i]);
		ids[i] = (unsigned)i;
	}
	if (n && hs_compile_multi(expressions, flags, ids, (unsigned)n, HS_MODE_BLOCK, NULL,
			 &database, &error) != HS_SUCCESS) {
		*ret_bad = error->expression >= 0 ? (size_t)error->expression : n;
		*ret_why = arena_dup(arena, str_c(error->message));
		hs_free_compile_error(error);
		return *ret_bad < n ? ERR_SYNTAX : ERR_LIMIT;
	}
	matcher = malloc(sizeof *matcher);
	if (!matcher)
		abort();
	matcher->database = database;
	*ret_matcher = matcher;
	return ERR_OK;
}

void matcher_free(struct matcher *matcher)
{
	if (!matcher)
		return;
	hs_free_database(matcher->database);
	free(matcher);
}

struct matcher_scratch *matcher_scratch_new(const struct matcher *const *matchers, size_t n)
{
	struct matcher_scratch *scratch = calloc(1, sizeof *scratch);

	if (!scratch)
		abort();
	for (size_t i = 0; i < n; i++)
		if (matchers[i]->database &&
			hs_alloc_scratch(matchers[i]->database, &scratch->hs) != HS_SUCCESS)
			abort(); /* out of memory: a database of ours is valid */
	return scratch;
}

void matcher_scratch_free(struct matcher_scratch *scratch)
{
	if (!scratch)
		return;
	hs_free_scratch(scratch->hs);
	free(scratch);
}

struct call {
	matcher_found *found;
	void *context;
};

static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	const struct call *call = context;

	(void)from;
	(void)flags;
	return !call->found(call->context, id, (size_t)to);
}

void matcher_scan(const struct matcher *matcher, struct matcher_scratch *scratch, struct str text,
	matcher_found *found, void *context)
{
	struct call call = { found, context };
	hs_error_t result;

	if (!matcher->database || !text.n)
		return;
	assert(text.n <= LIMIT_MIME_BYTES * 4);
	result = hs_scan(
		matcher->database, text.p, (unsigned)text.n, 0, scratch->hs, on_match, &call);
	assert(result == HS_SUCCESS || result == HS_SCAN_TERMINATED);
	(void)result;
}
