#include "api/handle/handle.h"
#include "core/arena.h"
#include "core/embedded.h"

#include <inttypes.h>

enum { DIGEST_DIGITS = 16 };

extern const struct embedded_file dashboard_embedded[];

static const struct {
	struct str suffix;
	const char *content_type;
} types[] = {
	{ STR_INIT(".html"), "text/html; charset=utf-8" },
	{ STR_INIT(".css"), "text/css; charset=utf-8" },
	{ STR_INIT(".js"), "text/javascript; charset=utf-8" },
	{ STR_INIT(".svg"), "image/svg+xml" },
	{ STR_INIT(".txt"), "text/plain; charset=utf-8" },
};

static const char *type_of(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (str_ends(name, types[i].suffix))
			return types[i].content_type;
	return "application/octet-stream";
}

/* "page-0123456789abcdef.js" is page.js as it was when that was what it had in it. */
static struct str without_digest(struct arena *arena, struct str name, struct str *ret_digest)
{
	struct str stem = str_head(name, str_chr(name, '.')), digest;
	size_t dash = str_rchr(stem, '-');

	if (dash == STR_NPOS || stem.n - dash != 1 + DIGEST_DIGITS)
		return name;
	digest = str_skip(stem, dash + 1);
	if (str_span(digest, "0123456789abcdef") != digest.n)
		return name;
	*ret_digest = digest;
	return arena_printf(
		arena, "%.*s%.*s", STR_ARG(str_head(stem, dash)), STR_ARG(str_skip(name, stem.n)));
}

static const struct embedded_file *file_of(struct str name)
{
	for (const struct embedded_file *file = dashboard_embedded; file->name; file++)
		if (str_eq(name, str_c(file->name)))
			return file;
	return NULL;
}

/* What the page may do; it names what stands in the HTML by its digest (cmake/bundle_page.c). */
static struct str policy(void)
{
	const struct embedded_file *file = file_of(STR("index.policy"));

	return file ? str_trim(str_from(file->bytes, file->n)) : STR_EMPTY;
}

/* The path names a row of a table, not a file: nothing else can be reached by it. A page from before an update gets what
 * there is now, under the name that it asks for, and may not keep it. */
enum err handle_dashboard(struct handle *handle)
{
	struct str digest = STR_EMPTY,
		   name = handle->segment.n ? handle->segment : STR("index.html"), bytes;
	struct answer *answer = handle->answer;
	const struct embedded_file *file;

	name = without_digest(handle->arena, name, &digest);
	file = file_of(name);
	if (!file) {
		answer_problem(answer, PROBLEM_NOT_FOUND, STR("the dashboard has no such file"),
			NULL, STR_EMPTY);
		return ERR_OK;
	}
	bytes = str_from(file->bytes, file->n);
	answer_reset(answer);
	answer->status = 200;
	answer->content_type = type_of(name);
	answer->policy = policy();
	if (digest.n &&
		str_eq(digest, arena_printf(handle->arena, "%016" PRIx64, embedded_digest(bytes))))
		answer->keep = KEEP_EVER;
	buf_put(&answer->body, bytes);
	return ERR_OK;
}
