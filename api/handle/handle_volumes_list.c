/* api/handle/handle_volumes_list.c -- the volumes that are there, and deleting them. */
#include "api/handle/page.h"
#include "core/timestamp.h"

static json_t *told(bool known, uint64_t number)
{
	return known ? json_integer((json_int_t)number) : json_null();
}

static bool add_volume(void *context, const struct store_volume *row)
{
	char at[TIMESTAMP_TEXT_BYTES];
	const struct str place[PLACE_FIELDS] = { timestamp_format(row->at_us, at), row->domain,
		row->stream, row->campaign, row->source };
	struct page *page = context;
	json_t *json;

	if (page_is_full(page))
		return false;
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
	page_add(page, json, place);
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
		.domain = values->text[PARAM_DOMAIN],
		.campaign = values->text[PARAM_CAMPAIGN],
		.source = values->text[PARAM_SOURCE] };
	return true;
}

enum err handle_volumes_list(struct handle *handle)
{
	struct store_volumes_query query;
	struct store_volume after;
	struct page page;
	json_t *head;

	if (!read_query(handle, &query) ||
		!page_open(&page, handle, &(struct span){ query.from_us, query.to_us }))
		return ERR_OK;
	after = (struct store_volume){ .domain = page.after[1],
		.stream = page.after[2],
		.campaign = page.after[3],
		.source = page.after[4] };
	if (page.has_after && !timestamp_parse(page.after[0], &after.at_us))
		return page_refuse(&page);
	query.after = page.has_after ? &after : NULL;
	query.from_us = page.span.from_us;
	query.to_us = page.span.to_us;
	query.limit = page_ask(&page);
	head = json_object();
	json_object_set_new(head, "from", json_time(query.from_us));
	json_object_set_new(head, "to", json_time(query.to_us));
	return page_answer(
		&page, store_volumes(handle->store, &query, add_volume, &page), head, "volumes");
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
