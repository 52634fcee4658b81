/* api/handle/handle_diagnostics.c -- what servers said, with addresses and numbers masked: where new rules come from. */
#include "api/handle/page.h"
#include "core/timestamp.h"
#include "store/overview.h"

static bool add_text(void *context, const struct store_text_row *row)
{
	const struct store_diagnostic_row *text = &row->diagnostic;
	struct page *page = context;
	const struct str place[PLACE_FIELDS] = { arena_printf(page->handle->arena, "%llu",
							 (unsigned long long)text->count),
		text->reason, text->class, text->template };
	json_t *json;

	if (page_is_full(page))
		return false;
	json = json_object();
	json_object_set_new(json, "template", json_text(text->template));
	json_object_set_new(json, "reason", json_text(text->reason));
	json_object_set_new(json, "class", json_text(text->class));
	json_object_set_new(json, "count", json_integer((json_int_t)text->count));
	json_object_set_new(json, "domains", json_integer((json_int_t)row->domains));
	json_object_set_new(json, "first_day", json_time(row->first_us));
	json_object_set_new(json, "last_day", json_time(row->last_us));
	json_object_set_new(json, "example", handle_id_json(&text->example));
	page_add(page, json, place);
	return true;
}

static bool read_place(const struct page *page, struct store_diagnostic_row *ret_after)
{
	*ret_after = (struct store_diagnostic_row){
		.reason = page->after[1], .class = page->after[2], .template = page->after[3]
	};
	return str_to_u64(page->after[0], INT64_MAX, &ret_after->count);
}

static json_t *head_json(const struct page *page, const struct store_diagnostics_query *query)
{
	json_t *head = json_object();

	json_object_set_new(head, "from", json_time(page->span.from_us));
	json_object_set_new(head, "to", json_time(page->span.to_us));
	json_object_set_new(head, "stream", json_text(query->window->stream));
	json_object_set_new(head, "domain", json_text(query->domain));
	json_object_set_new(head, "as_of", json_time(page->handle->request->now_us));
	return head;
}

enum err handle_diagnostics(struct handle *handle)
{
	const struct str *texts = handle->values.text;
	struct store_window window = { .stream = texts[PARAM_STREAM] };
	struct store_diagnostics_query query = { .window = &window,
		.domain = texts[PARAM_DOMAIN],
		.reason = texts[PARAM_REASON],
		.class = texts[PARAM_CLASS] };
	struct store_diagnostic_row after;
	struct page page;
	struct span span;

	if (!handle_span(handle, TIMESTAMP_DAY_US, &span) || !page_open(&page, handle, &span))
		return ERR_OK;
	if (page.has_after && !read_place(&page, &after))
		return page_refuse(&page);
	query.after = page.has_after ? &after : NULL;
	query.limit = page_ask(&page);
	window.from_us = page.span.from_us;
	window.to_us = page.span.to_us;
	return page_answer(&page, store_diagnostics(handle->store, &query, add_text, &page),
		head_json(&page, &query), "diagnostics");
}
