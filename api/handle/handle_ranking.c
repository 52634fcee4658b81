/* api/handle/handle_ranking.c -- counts and rates of each domain, provider or other word, in an order. */
#include "api/handle/page.h"
#include "core/limits.h"
#include "core/timestamp.h"

#include <stdlib.h>

struct ranking {
	struct page page;
	struct store_domains_query query;
	enum store_counted counted;
	const char *rows_key, *word; /* of the list, and of what a row is of */
};

/* One row more than the limit is asked for: it says that there is another page. */
static bool add_row(void *context, const struct store_domain_row *row)
{
	struct ranking *ranking = context;
	struct arena *arena = ranking->page.handle->arena;
	const struct str place[PLACE_FIELDS] = { arena_printf(arena, "%a", row->place.value),
		row->place.domain };
	json_t *json;

	if (page_is_full(&ranking->page))
		return false;
	json = json_object();
	/* The empty word stands for what is not known. */
	json_object_set_new(json, ranking->word, json_stringn(row->domain.p, row->domain.n));
	handle_set_counts(json, &row->counts);
	handle_set_rates(ranking->page.handle, json, &row->counts);
	page_add(&ranking->page, json, place);
	return true;
}

static bool read_place(const struct page *page, struct store_domain_place *ret_place)
{
	char *end;
	double value = strtod(arena_c(page->handle->arena, page->after[0]), &end);

	if (*end || !page->after[0].n || page->after[1].n > LIMIT_FIELD_TEXT_BYTES)
		return false;
	*ret_place = (struct store_domain_place){ .value = value, .domain = page->after[1] };
	return true;
}

/* Where counts are not kept for the whole window. */
static enum err set_since(struct ranking *ranking, json_t *head)
{
	int64_t since_us = TIMESTAMP_NONE;
	enum err err = ERR_OK;

	if (ranking->counted == STORE_FROM_DAYS)
		err = store_dimensions_since(ranking->page.handle->store, &since_us);
	if (since_us != TIMESTAMP_NONE && since_us <= ranking->query.window.from_us)
		since_us = TIMESTAMP_NONE;
	json_object_set_new(head, "whole_since", json_time(since_us));
	return err;
}

static enum err answer_ranking(struct ranking *ranking)
{
	struct store_domains_query *query = &ranking->query;
	struct page *page = &ranking->page;
	struct handle *handle = page->handle;
	int64_t as_of_us = TIMESTAMP_NONE;
	json_t *head;
	enum err err;

	query->window.from_us = page->span.from_us;
	query->window.to_us = page->span.to_us;
	query->limit = page_ask(page);
	query->names = handle->service->names;
	query->as_of_us = &as_of_us;
	err = store_domains(handle->store, query, add_row, ranking);
	head = handle_window_json(handle, &query->window, ranking->counted);
	if (as_of_us != TIMESTAMP_NONE)
		json_object_set_new(head, "as_of", json_time(as_of_us));
	json_object_set_new(head, "by", json_text(store_dimension_name(query->by)));
	if (!err)
		err = set_since(ranking, head);
	return page_answer(page, err, head, ranking->rows_key);
}

static enum err rank(
	struct handle *handle, enum store_dimension by, const char *rows_key, const char *word)
{
	struct ranking ranking = { .rows_key = rows_key, .word = word };
	struct store_domains_query *query = &ranking.query;
	struct store_domain_place place;
	struct span span;

	query->by = by;
	query->sort = (enum store_sort)handle->values.number[PARAM_SORT];
	query->min_attempted = (uint64_t)handle->values.number[PARAM_MIN_ATTEMPTED];
	query->reversed = handle_is_reversed(
		handle, query->sort == STORE_SORT_DOMAIN ? ORDER_ASC : ORDER_DESC);
	if (!handle_window(handle, &query->window) ||
		!handle_counted(handle, by, &query->window, &ranking.counted))
		return ERR_OK;
	span = (struct span){ query->window.from_us, query->window.to_us };
	if (!page_open(&ranking.page, handle, &span))
		return ERR_OK;
	if (ranking.page.has_after && !read_place(&ranking.page, &place))
		return page_refuse(&ranking.page);
	query->after = ranking.page.has_after ? &place : NULL;
	return answer_ranking(&ranking);
}

enum err handle_domains(struct handle *handle)
{
	return rank(handle, STORE_BY_DOMAIN, "domains", "domain");
}

enum err handle_providers(struct handle *handle)
{
	return rank(handle, STORE_BY_PROVIDER, "providers", "provider");
}

enum err handle_breakdown(struct handle *handle)
{
	if (!has_param(handle, PARAM_BY)) {
		handle_refuse(
			handle, PARAM_BY, STR("what a row is of must be said, as by=provider"));
		return ERR_OK;
	}
	return rank(handle, (enum store_dimension)handle->values.number[PARAM_BY], "rows", "value");
}
