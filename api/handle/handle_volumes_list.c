/* api/handle/handle_volumes_list.c -- the volumes that are there, and deleting them. */
#include "api/handle/handle.h"
#include "core/limits.h"
#include "core/timestamp.h"

struct page {
	struct handle *handle;
	json_t *rows;
	size_t limit;
	bool more;
	struct store_volume last;
};

static json_t *told(bool known, uint64_t number)
{
	return known ? json_integer((json_int_t)number) : json_null();
}

static bool add_volume(void *context, const struct store_volume *row)
{
	struct page *page = context;
	struct arena *arena = page->handle->arena;
	json_t *json;

	if (json_array_size(page->rows) == page->limit) {
		page->more = true;
		return false;
	}
	json = json_object();
	json_object_set_new(json, "at", json_time(row->at_us));
	json_object_set_new(json, "minutes", json_integer(row->quarter ? 15 : 60));
	json_object_set_new(json, "domain", json_text(row->domain));
	json_object_set_new(json, "stream", json_text(row->stream));
	json_object_set_new(json, "campaign", json_text(row->campaign));
	json_object_set_new(json, "source", json_text(row->source));
	json_object_set_new(json, "attempted", told(true, row->attempted));
	json_object_set_new(json, "accepted", told(row->has_accepted, row->accepted));
	json_object_set_new(json, "deferred", told(row->has_deferred, row->deferred));
	json_array_append_new(page->rows, json);
	page->last = (struct store_volume){ .at_us = row->at_us,
		.domain = arena_dup(arena, row->domain),
		.stream = arena_dup(arena, row->stream),
		.campaign = arena_dup(arena, row->campaign),
		.source = arena_dup(arena, row->source) };
	return true;
}

static bool read_query(struct handle *handle, struct store_volumes_query *ret_query)
{
	const struct param_values *values = &handle->values;
	struct span span;

	if (!handle_span(handle, 1, &span))
		return false;
	*ret_query = (struct store_volumes_query){ .from_us = span.from_us,
		.to_us = span.to_us,
		.stream = values->text[PARAM_STREAM],
		.domain = arena_lower(handle->arena, values->text[PARAM_DOMAIN]),
		.campaign = values->text[PARAM_CAMPAIGN],
		.source = values->text[PARAM_SOURCE] };
	return true;
}

/* The place of a row, and the window that its page was of. */
static struct str make_cursor(const struct page *page, const struct store_volumes_query *query)
{
	char from[TIMESTAMP_TEXT_BYTES], to[TIMESTAMP_TEXT_BYTES], at[TIMESTAMP_TEXT_BYTES];
	struct arena *arena = page->handle->arena;
	const struct store_volume *last = &page->last;
	const struct str parts[CURSOR_FIELDS] = {
		arena_printf(arena, "%.*s/%.*s", STR_ARG(timestamp_format(query->from_us, from)),
			STR_ARG(timestamp_format(query->to_us, to))),
		arena_printf(arena, "%.*s/%.*s", STR_ARG(timestamp_format(last->at_us, at)),
			STR_ARG(last->domain)),
		last->stream, last->campaign, last->source
	};

	return handle_cursor_make(arena, parts);
}

static bool read_cursor(
	struct handle *handle, struct store_volumes_query *query, struct store_volume *ret_after)
{
	struct str parts[CURSOR_FIELDS], from, to, at;
	struct store_volume after = { .at_us = 0 };

	if (!handle_cursor_read(handle->arena, handle->values.text[PARAM_CURSOR], parts) ||
		!str_cut(parts[0], '/', &from, &to) || !timestamp_parse(from, &query->from_us) ||
		!timestamp_parse(to, &query->to_us) ||
		!str_cut(parts[1], '/', &at, &after.domain) || !timestamp_parse(at, &after.at_us))
		return handle_refuse(handle, PARAM_CURSOR, STR("not a next_cursor of this route"));
	after.stream = parts[2];
	after.campaign = parts[3];
	after.source = parts[4];
	*ret_after = after;
	query->after = ret_after;
	return true;
}

enum err handle_volumes_list(struct handle *handle)
{
	struct page page = { .handle = handle, .limit = handle_limit(handle) };
	struct store_volumes_query query;
	struct store_volume after;
	enum err err;
	json_t *json;

	if (!read_query(handle, &query))
		return ERR_OK;
	if (has_param(handle, PARAM_CURSOR) && !read_cursor(handle, &query, &after))
		return ERR_OK;
	query.limit = page.limit + (page.limit < LIMIT_PAGE_ROWS);
	page.rows = json_array();
	err = store_volumes(handle->store, &query, add_volume, &page);
	if (err) {
		json_decref(page.rows);
		return err;
	}
	page.more |= page.limit == LIMIT_PAGE_ROWS && json_array_size(page.rows) == page.limit;
	json = json_object();
	json_object_set_new(json, "from", json_time(query.from_us));
	json_object_set_new(json, "to", json_time(query.to_us));
	json_object_set_new(json, "volumes", page.rows);
	json_object_set_new(json, "next_cursor",
		page.more ? json_text(make_cursor(&page, &query)) : json_null());
	handle_list(handle, json, "volumes");
	return ERR_OK;
}

enum err handle_volumes_delete(struct handle *handle)
{
	struct store_volumes_query query;
	uint64_t n;
	enum err err;

	/* What is deleted is named: no default may stand in for it. */
	if (!has_param(handle, PARAM_FROM) || !has_param(handle, PARAM_TO)) {
		handle_refuse(handle, has_param(handle, PARAM_FROM) ? PARAM_TO : PARAM_FROM,
			STR("both from and to are needed"));
		return ERR_OK;
	}
	if (!read_query(handle, &query))
		return ERR_OK;
	err = store_volumes_delete(handle->store, &query, &n);
	if (!err)
		answer_json(handle->answer, 200, json_pack("{s:I}", "deleted", (json_int_t)n));
	return err;
}
