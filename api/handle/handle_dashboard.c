#include "api/handle/handle.h"
#include "core/embedded.h"

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

/* The path names a row of a table, not a file: nothing else can be reached by it. */
enum err handle_dashboard(struct handle *handle)
{
	struct str name = handle->segment.n ? handle->segment : STR("index.html");
	struct answer *answer = handle->answer;

	for (const struct embedded_file *file = dashboard_embedded; file->name; file++) {
		if (!str_eq(name, str_c(file->name)))
			continue;
		answer_reset(answer);
		answer->status = 200;
		answer->content_type = type_of(name);
		answer->is_page = true;
		buf_put(&answer->body, str_from(file->bytes, file->n));
		return ERR_OK;
	}
	answer_problem(
		answer, PROBLEM_NOT_FOUND, STR("the dashboard has no such file"), NULL, STR_EMPTY);
	return ERR_OK;
}
