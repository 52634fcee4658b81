#include "api/handle/handle.h"

#include "core/limits.h"
#include "core/suppression.h"
#include "core/timestamp.h"
#include "domain/domain_name.h"

#define DEFAULT_WINDOW_US (7 * TIMESTAMP_DAY_US)
#define HOURS_WINDOW_US   (2 * TIMESTAMP_DAY_US) /* a longer one is of whole days */
#define MATURE_US         (72 * TIMESTAMP_HOUR_US)
enum { DEFAULT_LIMIT = 100 };

bool handle_refuse(struct handle *handle, enum param param, struct str detail)
{
	answer_problem(
		handle->answer, PROBLEM_INVALID_PARAMETER, detail, "parameter", param_name(param));
	return false;
}

json_t *handle_id_json(const struct uuid *id)
{
	char room[UUID_TEXT_BYTES];

	return uuid_is_none(id) ? json_null() : json_text(uuid_format(id, room));
}

/* ---- paths ---- */

static bool refuse_segment(struct handle *handle, const char *name, const char *detail)
{
	answer_problem(
		handle->answer, PROBLEM_INVALID_PARAMETER, str_c(detail), "parameter", str_c(name));
	return false;
}

bool handle_address(struct handle *handle, struct str *ret_address)
{
	return suppression_address(handle->arena, handle->segment, ret_address) ||
	       refuse_segment(handle, "address", "wanted: a mail address, like ann@example.com");
}

bool handle_domain_name(struct handle *handle, struct str *ret_domain)
{
	return domain_name(handle->arena, handle->segment, ret_domain) ||
	       refuse_segment(handle, "domain", "wanted: a domain, like example.com");
}

/* ---- windows ---- */

static int64_t ceiling(int64_t at_us, int64_t step_us)
{
	return timestamp_floor(at_us + step_us - 1, step_us);
}

bool handle_span(struct handle *handle, int64_t step_us, struct span *ret_span)
{
	const struct param_values *values = &handle->values;
	struct span span = { .to_us = handle->request->now_us };

	if (has_param(handle, PARAM_TO))
		span.to_us = values->number[PARAM_TO];
	span.to_us = ceiling(span.to_us, step_us);
	span.from_us = span.to_us - DEFAULT_WINDOW_US;
	if (has_param(handle, PARAM_FROM))
		span.from_us = timestamp_floor(values->number[PARAM_FROM], step_us);
	if (span.from_us >= span.to_us)
		return handle_refuse(handle, has_param(handle, PARAM_FROM) ? PARAM_FROM : PARAM_TO,
			STR("from must be before to"));
	*ret_span = span;
	return true;
}

/* Whole hours; a long window is of whole days, as volumes are matched by days. */
static void widen(struct span *span)
{
	if (span->to_us - span->from_us <= HOURS_WINDOW_US)
		return;
	span->from_us = timestamp_floor(span->from_us, TIMESTAMP_DAY_US);
	span->to_us = ceiling(span->to_us, TIMESTAMP_DAY_US);
}

/* Bounces of a mail still come for some days: by send time the newest rates are too low. */
static bool leave_out_immature(struct handle *handle, struct span *span)
{
	int64_t end_us = timestamp_floor(handle->request->now_us - MATURE_US,
		span->to_us - span->from_us > HOURS_WINDOW_US ? TIMESTAMP_DAY_US
							      : TIMESTAMP_HOUR_US);

	if (span->to_us > end_us)
		span->to_us = end_us;
	if (span->from_us < span->to_us)
		return true;
	return handle_refuse(handle, PARAM_MATURE,
		STR("nothing in this window is mature: it ends 72 hours before now"));
}

static const enum param filter_params[STORE_DIMENSION_COUNT] = {
	[STORE_BY_DOMAIN] = PARAM_DOMAIN,
	[STORE_BY_ORG_DOMAIN] = PARAM_ORG_DOMAIN,
	[STORE_BY_PROVIDER] = PARAM_PROVIDER,
	[STORE_BY_STREAM] = PARAM_STREAM,
	[STORE_BY_CAMPAIGN] = PARAM_CAMPAIGN,
	[STORE_BY_SOURCE] = PARAM_SOURCE,
	[STORE_BY_REASON] = PARAM_REASON,
	[STORE_BY_CLASS] = PARAM_CLASS,
	[STORE_BY_OUTCOME] = PARAM_OUTCOME,
	[STORE_BY_STATUS] = PARAM_STATUS,
	[STORE_BY_REPORTING_MTA] = PARAM_REPORTING_MTA,
	[STORE_BY_REMOTE_MTA] = PARAM_REMOTE_MTA,
};

const struct store_filters *handle_filters(struct handle *handle)
{
	struct store_filters *filters = arena_zalloc(handle->arena, sizeof *filters);

	for (int i = 0; i < STORE_DIMENSION_COUNT; i++)
		filters->value[i] = handle->values.text[filter_params[i]];
	return filters;
}

bool handle_window(struct handle *handle, struct store_window *ret_window)
{
	struct span span;

	if (!handle_span(handle, TIMESTAMP_HOUR_US, &span))
		return false;
	widen(&span);
	if (handle->values.number[PARAM_MATURE] && !leave_out_immature(handle, &span))
		return false;
	*ret_window = (struct store_window){ .from_us = span.from_us,
		.to_us = span.to_us,
		.stream = handle->values.text[PARAM_STREAM],
		.basis = (enum store_basis)handle->values.number[PARAM_BASIS],
		.proof = handle->values.text[PARAM_PROOF],
		.filters = handle_filters(handle) };
	return true;
}

bool handle_counts_events(struct handle *handle, const struct store_window *window)
{
	if (window->from_us >= handle->request->now_us - STORE_EVENTS_US)
		return true;
	return handle_refuse(handle, PARAM_FROM,
		STR("so asked, each event is counted: the window begins at most 32 days before "
		    "now"));
}

/* What is kept by the day is told by the day. */
bool handle_counted(struct handle *handle, enum store_dimension by, struct store_window *window,
	enum store_counted *ret_counted)
{
	enum store_counted counted = store_counted_from(by, window->filters);

	if (counted == STORE_FROM_DAYS) {
		window->from_us = timestamp_floor(window->from_us, TIMESTAMP_DAY_US);
		window->to_us = ceiling(window->to_us, TIMESTAMP_DAY_US);
	}
	*ret_counted = counted;
	return counted != STORE_FROM_EVENTS || handle_counts_events(handle, window);
}

static json_t *filters_json(const struct store_window *window)
{
	json_t *json = json_object();

	for (int i = 0; window->filters && i < STORE_DIMENSION_COUNT; i++) {
		struct str name = store_dimension_name((enum store_dimension)i);

		if (i != STORE_BY_STREAM && window->filters->value[i].n)
			json_object_setn_new(
				json, name.p, name.n, json_text(window->filters->value[i]));
	}
	return json;
}

json_t *handle_mature(
	const struct handle *handle, const struct store_window *window, int64_t end_us)
{
	if (window->basis != STORE_BASIS_SEND)
		return json_null();
	return json_boolean(end_us + MATURE_US <= handle->request->now_us);
}

json_t *handle_window_json(
	const struct handle *handle, const struct store_window *window, enum store_counted counted)
{
	json_t *json = json_object();

	json_object_set_new(json, "from", json_time(window->from_us));
	json_object_set_new(json, "to", json_time(window->to_us));
	json_object_set_new(json, "basis", json_text(store_basis_name(window->basis)));
	json_object_set_new(json, "stream", json_text(window->stream));
	json_object_set_new(json, "proof", json_text(window->proof));
	json_object_set_new(json, "mature", handle_mature(handle, window, window->to_us));
	json_object_set_new(json, "filters", filters_json(window));
	json_object_set_new(json, "counted_from",
		json_string(counted == STORE_FROM_EVENTS ? "events" : "rollups"));
	json_object_set_new(json, "as_of", json_time(handle->request->now_us));
	return json;
}

size_t handle_limit(const struct handle *handle)
{
	return has_param(handle, PARAM_LIMIT) ? (size_t)handle->values.number[PARAM_LIMIT]
					      : DEFAULT_LIMIT;
}

bool handle_is_reversed(const struct handle *handle, enum param_order order)
{
	return has_param(handle, PARAM_ORDER) &&
	       handle->values.number[PARAM_ORDER] != (int64_t)order;
}

/* ---- lists ---- */

void handle_link_next(struct handle *handle, struct str cursor)
{
	struct buf *link = &handle->answer->link;
	struct str query = handle->request->query, pair;

	buf_printf(link, "<%.*s?", STR_ARG(handle->request->path));
	while (str_next_word(&query, "&", &pair))
		if (!str_starts(pair, STR("cursor=")))
			buf_printf(link, "%.*s&", STR_ARG(pair));
	buf_printf(link, "cursor=%.*s>; rel=\"next\"", STR_ARG(cursor));
	if (buf_check(link))
		buf_reset(link);
}

void handle_list(struct handle *handle, json_t *take_json, const char *rows_key)
{
	struct answer *answer = handle->answer;
	const char *cursor = json_string_value(json_object_get(take_json, "next_cursor"));
	struct str next = arena_dup(handle->arena, str_c(cursor));

	if (handle->format == LIST_JSON) {
		answer_json(answer, 200, take_json);
	} else {
		answer_bytes(answer, 200, list_content_type(handle->format), STR_EMPTY);
		list_write(handle->format, rows_key, json_object_get(take_json, rows_key),
			&answer->body);
		json_decref(take_json);
		if (buf_check(&answer->body))
			answer_problem(answer, PROBLEM_INTERNAL, STR("the answer is too large"),
				NULL, STR_EMPTY);
	}
	if (next.n && answer->status == 200)
		handle_link_next(handle, next);
}
