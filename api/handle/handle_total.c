/* api/handle/handle_total.c -- a window in one row, and the one before it: what a first look wants. */
#include "api/handle/handle.h"
#include "core/limits.h"
#include "store/overview.h"

/* A rate is failed / attempted of the days on which the same stream has a volume, so that streams add up. */
static void add(struct store_counts *sum, const struct store_counts *one)
{
	const struct {
		uint64_t *to;
		uint64_t n;
	} fields[] = { { &sum->attempted, one->attempted }, { &sum->accepted, one->accepted },
		{ &sum->failed, one->failed }, { &sum->hard, one->hard }, { &sum->soft, one->soft },
		{ &sum->block, one->block }, { &sum->delayed, one->delayed },
		{ &sum->delivered, one->delivered }, { &sum->relayed, one->relayed },
		{ &sum->expanded, one->expanded }, { &sum->complaints, one->complaints },
		{ &sum->failed_covered, one->failed_covered },
		{ &sum->hard_covered, one->hard_covered },
		{ &sum->soft_covered, one->soft_covered },
		{ &sum->block_covered, one->block_covered }, { &sum->unproven, one->unproven } };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		*fields[i].to += fields[i].n;
	sum->has_volume |= one->has_volume;
	sum->has_accepted |= one->has_accepted;
	sum->cut |= one->cut;
}

struct total {
	const struct handle *handle;
	struct store_counts counts;
};

static bool add_stream(void *context, const struct store_stream_row *row)
{
	struct total *total = context;

	if (handle_may_use(total->handle, row->stream))
		add(&total->counts, &row->counts);
	return true;
}

static bool add_word(void *context, const struct store_domain_row *row)
{
	const struct store_stream_row stream = { row->domain, row->counts };

	return add_stream(context, &stream);
}

static enum err count(const struct handle *handle, const struct store_window *window,
	enum store_counted counted, struct store_counts *ret_counts)
{
	const struct store_domains_query query = { .window = *window,
		.by = STORE_BY_STREAM,
		.sort = STORE_SORT_DOMAIN,
		.limit = LIMIT_PAGE_ROWS };
	const struct str *domain =
		has_param(handle, PARAM_DOMAIN) ? &handle->values.text[PARAM_DOMAIN] : NULL;
	struct total total = { .handle = handle };
	enum err err;

	if (counted == STORE_FROM_DOMAINS || !store_filters_any(window->filters))
		err = store_streams(handle->store, window, domain, add_stream, &total);
	else
		err = store_domains(handle->store, &query, add_word, &total);
	if (!err)
		*ret_counts = total.counts;
	return err;
}

static void set_counts(const struct handle *handle, json_t *json, const struct store_counts *counts)
{
	handle_set_counts(json, counts);
	handle_set_rates(handle, json, counts);
}

enum err handle_overview(struct handle *handle)
{
	struct store_window window, before;
	struct store_counts now, then;
	enum store_counted counted;
	json_t *json, *past;
	enum err err;

	if (!handle_window(handle, &window) ||
		!handle_counted(handle, STORE_BY_STREAM, &window, &counted))
		return ERR_OK;
	before = window;
	before.from_us = window.from_us - (window.to_us - window.from_us);
	before.to_us = window.from_us;
	err = count(handle, &window, counted, &now);
	if (!err)
		err = count(handle, &before, counted, &then);
	if (err)
		return err;
	json = handle_window_json(handle, &window, counted);
	json_object_set_new(json, "domain",
		has_param(handle, PARAM_DOMAIN) ? json_text(handle->values.text[PARAM_DOMAIN])
						: json_null());
	set_counts(handle, json, &now);
	past = json_pack(
		"{s:o,s:o}", "from", json_time(before.from_us), "to", json_time(before.to_us));
	set_counts(handle, past, &then);
	json_object_set_new(json, "before", past);
	answer_json(handle->answer, 200, json);
	return ERR_OK;
}
