/* api/handle/handle_audit.c -- who changed what. */
#include "api/handle/page.h"
#include "store/store_access.h"

#include <inttypes.h>

static bool add_row(void *context, const struct store_audit *audit)
{
	struct page *page = context;
	struct str id;
	json_t *json;

	if (page_is_full(page))
		return false;
	id = arena_printf(page->handle->arena, "%" PRId64, audit->id);
	json = json_object();
	json_object_set_new(json, "id", json_integer(audit->id));
	json_object_set_new(json, "at", json_time(audit->at_us));
	json_object_set_new(json, "who", json_text(audit->who));
	json_object_set_new(json, "action", json_text(audit->action));
	json_object_set_new(json, "subject", json_text(audit->subject));
	json_object_set_new(json, "address", json_text(audit->address));
	json_object_set_new(json, "n", json_integer((json_int_t)audit->n));
	json_object_set_new(json, "note", json_text(audit->note));
	page_add(page, json, (const struct str[PLACE_FIELDS]){ id });
	return true;
}

enum err handle_audit(struct handle *handle)
{
	struct store_audit_query query = { .action = handle->values.text[PARAM_ACTION] };
	struct span span;
	struct page page;
	uint64_t before = 0;
	json_t *head;

	if (handle->grant.streams.n) {
		answer_problem(handle->answer, PROBLEM_FORBIDDEN,
			STR("the key is bound to streams, this is of all"), NULL, STR_EMPTY);
		return ERR_OK;
	}
	if (!handle_span(handle, 1, &span) || !page_open(&page, handle, &span))
		return ERR_OK;
	if (page.has_after && !str_to_u64(page.after[0], INT64_MAX, &before))
		return page_refuse(&page);
	query.from_us = page.span.from_us;
	query.to_us = page.span.to_us;
	query.before_id = (int64_t)before;
	query.limit = page_ask(&page);
	head = json_object();
	json_object_set_new(head, "from", json_time(query.from_us));
	json_object_set_new(head, "to", json_time(query.to_us));
	return page_answer(
		&page, store_audits(handle->store, &query, add_row, &page), head, "audit");
}
