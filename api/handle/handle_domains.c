#include "api/handle/handle.h"
#include "core/limits.h"
#include "core/timestamp.h"
#include "store/overview.h"

#include <stdlib.h>

enum { DETAIL_DIAGNOSTICS = 20, DETAIL_MAX_HOURS = 1000 };

/* ---- the list ---- */

struct page {
	struct arena *arena;
	json_t *rows;
	size_t limit;
	bool more;
	struct store_domain_place place; /* of the last row */
};

/* One row more than the limit is asked for: it says that there is another page. */
static bool add_domain(void *context, const struct store_domain_row *row)
{
	struct page *page = context;
	json_t *json = json_object();

	if (json_array_size(page->rows) == page->limit) {
		page->more = true;
		json_decref(json);
		return false;
	}
	/* The empty domain stands for failures whose recipient nobody could tell. */
	json_object_set_new(json, "domain", json_stringn(row->domain.p, row->domain.n));
	handle_set_counts(json, &row->counts);
	handle_set_rates(json, &row->counts);
	json_array_append_new(page->rows, json);
	page->place = (struct store_domain_place){ row->place.value,
		arena_dup(page->arena, row->place.domain) };
	return true;
}

/* A cursor belongs to one window and sort: the default window moves with the clock, and rows of another
 * order have no place in this one. */
static struct str make_cursor(const struct page *page, const struct store_domains_query *query)
{
	char from[TIMESTAMP_TEXT_BYTES], to[TIMESTAMP_TEXT_BYTES];
	const struct str fields[CURSOR_FIELDS] = { timestamp_format(query->window.from_us, from),
		timestamp_format(query->window.to_us, to), store_sort_name(query->sort),
		arena_printf(page->arena, "%a", page->place.value), page->place.domain };

	return handle_cursor_make(page->arena, fields);
}

static bool same_or_absent(
	const struct handle *handle, enum param param, int64_t wanted, int64_t found)
{
	return !has_param(handle, param) || wanted == found;
}

static bool read_cursor(struct handle *handle, struct store_domains_query *query,
	struct store_domain_place *ret_place)
{
	struct str fields[CURSOR_FIELDS];
	int64_t from_us, to_us;
	char *end;
	double value;

	if (!handle_cursor_read(handle->arena, handle->values.text[PARAM_CURSOR], fields) ||
		!timestamp_parse(fields[0], &from_us) || !timestamp_parse(fields[1], &to_us) ||
		from_us >= to_us || fields[4].n > LIMIT_DOMAIN_BYTES)
		return handle_refuse(handle, PARAM_CURSOR, STR("not a next_cursor of this route"));
	value = strtod(arena_c(handle->arena, fields[3]), &end);
	if (*end || !fields[3].n)
		return handle_refuse(handle, PARAM_CURSOR, STR("not a next_cursor of this route"));
	if (!str_eq(fields[2], store_sort_name(query->sort)) ||
		!same_or_absent(handle, PARAM_FROM, query->window.from_us, from_us) ||
		!same_or_absent(handle, PARAM_TO, query->window.to_us, to_us))
		return handle_refuse(handle, PARAM_CURSOR,
			STR("the cursor is of a page with another from, to or sort"));
	query->window.from_us = from_us;
	query->window.to_us = to_us;
	*ret_place = (struct store_domain_place){ value, fields[4] };
	return true;
}

static enum err answer_domains(struct handle *handle, struct store_domains_query *query)
{
	struct page page = { .arena = handle->arena, .rows = json_array(), .limit = query->limit };
	enum err err;
	json_t *json;

	int64_t as_of_us = TIMESTAMP_NONE;

	query->limit += page.limit < LIMIT_PAGE_ROWS;
	query->names = handle->service->names;
	query->as_of_us = &as_of_us;
	err = store_domains(handle->store, query, add_domain, &page);
	if (err) {
		json_decref(page.rows);
		return err;
	}
	/* A full page of the largest size cannot look one row ahead: its next page may be empty. */
	page.more |= page.limit == LIMIT_PAGE_ROWS && json_array_size(page.rows) == page.limit;
	json = handle_window_json(handle, &query->window);
	if (as_of_us != TIMESTAMP_NONE)
		json_object_set_new(json, "as_of", json_time(as_of_us));
	json_object_set_new(json, "domains", page.rows);
	json_object_set_new(json, "next_cursor",
		page.more ? json_text(make_cursor(&page, query)) : json_null());
	handle_list(handle, json, "domains");
	return ERR_OK;
}

enum err handle_domains(struct handle *handle)
{
	struct store_domains_query query = { .limit = handle_limit(handle),
		.sort = (enum store_sort)handle->values.number[PARAM_SORT],
		.min_attempted = (uint64_t)handle->values.number[PARAM_MIN_ATTEMPTED] };
	struct store_domain_place place;

	if (!handle_window(handle, &query.window))
		return ERR_OK;
	if (has_param(handle, PARAM_CURSOR)) {
		if (!read_cursor(handle, &query, &place))
			return ERR_OK;
		query.after = &place;
	}
	return answer_domains(handle, &query);
}

/* ---- one domain ---- */

static bool add_reason(void *context, const struct store_reason_row *row)
{
	json_t *json = json_object();

	json_object_set_new(json, "outcome", json_text(outcome_name(row->outcome)));
	json_object_set_new(json, "reason", json_text(row->reason));
	json_object_set_new(json, "class", json_text(row->class));
	json_object_set_new(json, "count", json_integer((json_int_t)row->count));
	json_array_append_new(context, json);
	return true;
}

static bool add_diagnostic(void *context, const struct store_diagnostic_row *row)
{
	char room[UUID_TEXT_BYTES];
	json_t *json = json_object();

	json_object_set_new(json, "template", json_text(row->template));
	json_object_set_new(json, "reason", json_text(row->reason));
	json_object_set_new(json, "class", json_text(row->class));
	json_object_set_new(json, "count", json_integer((json_int_t)row->count));
	json_object_set_new(json, "example", json_text(uuid_format(&row->example, room)));
	json_array_append_new(context, json);
	return true;
}

static bool add_step(void *context, const struct store_series_row *row)
{
	json_t *json = json_object();

	json_object_set_new(json, "at", json_time(row->at_us));
	handle_set_counts(json, &row->counts);
	json_array_append_new(context, json);
	return true;
}

static bool choose_step(
	struct handle *handle, const struct store_window *window, enum store_step *ret_step)
{
	int64_t hours = (window->to_us - window->from_us) / TIMESTAMP_HOUR_US;
	enum store_step step = hours <= 7 * 24 ? STORE_STEP_HOUR : STORE_STEP_DAY;

	if (has_param(handle, PARAM_STEP))
		step = (enum store_step)handle->values.number[PARAM_STEP];
	if (step == STORE_STEP_HOUR && hours > DETAIL_MAX_HOURS)
		return handle_refuse(handle, PARAM_STEP,
			STR("the window has more than 1000 hours: ask for step=day"));
	*ret_step = step;
	return true;
}

static enum err fill_domain(struct handle *handle, const struct store_window *window,
	struct str domain, enum store_step step, json_t *json)
{
	json_t *reasons = json_array(), *diagnostics = json_array(), *series = json_array();
	struct store_counts counts;
	enum err err;

	json_object_set_new(json, "domain", json_text(domain));
	err = store_domain_counts(handle->store, window, domain, &counts);
	if (!err) {
		handle_set_counts(json, &counts);
		handle_set_rates(json, &counts);
		err = store_domain_reasons(handle->store, window, domain, add_reason, reasons);
	}
	if (!err)
		err = store_domain_diagnostics(handle->store, window, domain, DETAIL_DIAGNOSTICS,
			add_diagnostic, diagnostics);
	if (!err)
		err = store_timeseries(handle->store, window, &domain,
			step == STORE_STEP_DAY ? STORE_INTERVAL_DAY : STORE_INTERVAL_HOUR,
			STR("UTC"), add_step, series);
	json_object_set_new(json, "reasons", reasons);
	json_object_set_new(json, "diagnostics", diagnostics);
	json_object_set_new(json, "step", json_string(step == STORE_STEP_DAY ? "day" : "hour"));
	json_object_set_new(json, "series", series);
	return err;
}

enum err handle_domain(struct handle *handle)
{
	struct str domain = arena_lower(handle->arena, handle->segment);
	enum store_step step = STORE_STEP_HOUR;
	struct store_window window;
	enum err err;
	json_t *json;

	if (!handle_window(handle, &window) || !choose_step(handle, &window, &step))
		return ERR_OK;
	if (domain.n > LIMIT_DOMAIN_BYTES) {
		answer_problem(handle->answer, PROBLEM_NOT_FOUND,
			STR("no domain is longer than 255 bytes"), NULL, STR_EMPTY);
		return ERR_OK;
	}
	json = handle_window_json(handle, &window);
	err = fill_domain(handle, &window, domain, step, json);
	if (err)
		json_decref(json);
	else
		answer_json(handle->answer, 200, json);
	return err;
}
