#include "parser/matcher.h"

#include "core/embedded.h"
#include "core/limits.h"

#include <assert.h>
#include <hs/hs.h>
#include <stdlib.h>
#include <string.h>

extern const struct embedded_file matchers_embedded[];

/* The last patterns may be those of a database that is part of the program. */
struct matcher {
	hs_database_t *compiled, *embedded; /* NULL: no pattern */
	size_t n_compiled;                  /* the patterns of `embedded` stand behind these */
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

struct patterns {
	const char **expressions;
	unsigned *flags, *ids;
	size_t n;
};

static struct patterns read_patterns(
	struct arena *arena, const struct str *patterns, size_t n, enum matcher_space space)
{
	struct patterns p = { arena_calloc(arena, n + 1, sizeof *p.expressions),
		arena_calloc(arena, n + 1, sizeof *p.flags),
		arena_calloc(arena, n + 1, sizeof *p.ids), n };

	for (size_t i = 0; i < n; i++) {
		p.expressions[i] = space == MATCHER_SPACE_RUN ? spaces_to_runs(arena, patterns[i])
							      : arena_c(arena, patterns[i]);
		p.flags[i] = flags_for(patterns[i], space);
		p.ids[i] = (unsigned)i;
	}
	return p;
}

/* ---- databases that were compiled when the program was ---- */

/* What stands in front of a serialized database: how many patterns, and a digest of them. */
struct seal {
	uint64_t n, digest;
};

/* Of the patterns from the first of `from` on: FNV-1a over each with its NUL and flags. */
static struct seal seal_of(const struct patterns *p, size_t from)
{
	struct seal seal = { p->n - from, 14695981039346656037u };

	for (size_t i = from; i < p->n; i++) {
		const char *at = p->expressions[i];

		do
			seal.digest = (seal.digest ^ (unsigned char)*at) * 1099511628211u;
		while (*at++);
		seal.digest = (seal.digest ^ p->flags[i]) * 1099511628211u;
	}
	return seal;
}

/* The database of the program that is made of the last of the patterns. A library of another version, or
 * a processor that it was not made for, refuses it: then all is compiled, as without one. */
static hs_database_t *find_embedded(const struct patterns *p, size_t *ret_n)
{
	for (const struct embedded_file *file = matchers_embedded; file->name; file++) {
		hs_database_t *database = NULL;
		struct seal seal, want;

		if (file->n < sizeof seal)
			continue;
		memcpy(&seal, file->bytes, sizeof seal);
		if (!seal.n || seal.n > p->n)
			continue;
		want = seal_of(p, p->n - seal.n);
		if (want.digest != seal.digest ||
			hs_deserialize_database(file->bytes + sizeof seal, file->n - sizeof seal,
				&database) != HS_SUCCESS)
			continue;
		*ret_n = seal.n;
		return database;
	}
	*ret_n = 0;
	return NULL;
}

struct str matcher_serialize(struct arena *arena, const struct str *patterns, size_t n,
	enum matcher_space space, const struct matcher *matcher)
{
	struct patterns p = read_patterns(arena, patterns, n, space);
	struct seal seal = seal_of(&p, 0);
	char *bytes = NULL, *out;
	size_t bytes_n = 0;

	assert(matcher->n_compiled == n);
	if (hs_serialize_database(matcher->compiled, &bytes, &bytes_n) != HS_SUCCESS)
		abort();
	out = arena_alloc(arena, sizeof seal + bytes_n);
	memcpy(out, &seal, sizeof seal);
	memcpy(out + sizeof seal, bytes, bytes_n);
	free(bytes);
	return str_from(out, sizeof seal + bytes_n);
}

bool matcher_is_embedded(const struct matcher *matcher)
{
	return matcher->embedded != NULL;
}

/* ---- compiling ---- */

/* For any processor that the library runs on, so that what is compiled here is what a build elsewhere
 * embeds: the same matches, whoever compiled them. */
static const hs_platform_info_t any_platform = { 0 };

enum err matcher_compile(struct arena *arena, const struct str *patterns, size_t n,
	enum matcher_space space, struct matcher **ret_matcher, size_t *ret_bad,
	struct str *ret_why)
{
	struct patterns p = read_patterns(arena, patterns, n, space);
	hs_compile_error_t *error = NULL;
	struct matcher *matcher = calloc(1, sizeof *matcher);
	size_t n_embedded;

	if (!matcher)
		abort();
	matcher->embedded = find_embedded(&p, &n_embedded);
	matcher->n_compiled = n - n_embedded;
	if (matcher->n_compiled &&
		hs_compile_multi(p.expressions, p.flags, p.ids, (unsigned)matcher->n_compiled,
			HS_MODE_BLOCK, &any_platform, &matcher->compiled, &error) != HS_SUCCESS) {
		*ret_bad = error->expression >= 0 ? (size_t)error->expression : n;
		*ret_why = arena_dup(arena, str_c(error->message));
		hs_free_compile_error(error);
		matcher_free(matcher);
		return *ret_bad < n ? ERR_SYNTAX : ERR_LIMIT;
	}
	*ret_matcher = matcher;
	return ERR_OK;
}

void matcher_free(struct matcher *matcher)
{
	if (!matcher)
		return;
	hs_free_database(matcher->compiled);
	hs_free_database(matcher->embedded);
	free(matcher);
}

static void need_scratch(struct matcher_scratch *scratch, const hs_database_t *database)
{
	if (database && hs_alloc_scratch(database, &scratch->hs) != HS_SUCCESS)
		abort(); /* out of memory: a database of ours is valid */
}

struct matcher_scratch *matcher_scratch_new(const struct matcher *const *matchers, size_t n)
{
	struct matcher_scratch *scratch = calloc(1, sizeof *scratch);

	if (!scratch)
		abort();
	for (size_t i = 0; i < n; i++) {
		need_scratch(scratch, matchers[i]->compiled);
		need_scratch(scratch, matchers[i]->embedded);
	}
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
	size_t first; /* position of the database's first pattern */
};

static int on_match(
	unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *context)
{
	const struct call *call = context;

	(void)from;
	(void)flags;
	return !call->found(call->context, call->first + id, (size_t)to);
}

/* False where the callback wants no more. */
static bool scan(const hs_database_t *database, struct matcher_scratch *scratch, struct str text,
	struct call call)
{
	hs_error_t result;

	if (!database)
		return true;
	result = hs_scan(database, text.p, (unsigned)text.n, 0, scratch->hs, on_match, &call);
	assert(result == HS_SUCCESS || result == HS_SCAN_TERMINATED);
	return result == HS_SUCCESS;
}

void matcher_scan(const struct matcher *matcher, struct matcher_scratch *scratch, struct str text,
	matcher_found *found, void *context)
{
	struct call call = { found, context, 0 };

	if (!text.n)
		return;
	assert(text.n <= LIMIT_MIME_BYTES * 4);
	if (!scan(matcher->compiled, scratch, text, call))
		return;
	call.first = matcher->n_compiled;
	scan(matcher->embedded, scratch, text, call);
}
