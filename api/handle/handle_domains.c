#include "api/handle/gaps.h"
#include "api/handle/handle.h"
#include "core/limits.h"
#include "core/timestamp.h"
#include "store/overview.h"

enum { DETAIL_DIAGNOSTICS = 20, DETAIL_MAX_HOURS = 1000 };

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
	json_t *json = json_object();

	json_object_set_new(json, "template", json_text(row->template));
	json_object_set_new(json, "reason", json_text(row->reason));
	json_object_set_new(json, "class", json_text(row->class));
	json_object_set_new(json, "count", json_integer((json_int_t)row->count));
	json_object_set_new(json, "example", handle_id_json(&row->example));
	json_array_append_new(context, json);
	return true;
}

struct steps {
	struct gaps gaps;
	json_t *rows;
};

static bool put_step(void *context, const struct store_series_row *row)
{
	struct steps *steps = context;
	json_t *json = json_object();

	json_object_set_new(json, "at", json_time(row->at_us));
	handle_set_counts(json, &row->counts);
	json_array_append_new(steps->rows, json);
	return true;
}

static bool add_step(void *context, const struct store_series_row *row)
{
	struct steps *steps = context;

	gaps_fill(&steps->gaps, row->at_us, put_step, steps);
	return put_step(steps, row);
}

static enum err read_series(struct handle *handle, const struct store_window *window,
	struct str domain, enum store_step step, json_t *series)
{
	enum store_interval interval =
		step == STORE_STEP_DAY ? STORE_INTERVAL_DAY : STORE_INTERVAL_HOUR;
	struct steps steps = { .rows = series };
	enum err err = gaps_open(handle, window, interval, STR("UTC"), &steps.gaps);

	if (!err)
		err = store_timeseries(
			handle->store, window, &domain, interval, STR("UTC"), add_step, &steps);
	if (!err)
		gaps_fill(&steps.gaps, GAPS_END, put_step, &steps);
	return err;
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
		handle_set_rates(handle, json, &counts);
		err = store_domain_reasons(handle->store, window, domain, add_reason, reasons);
	}
	if (!err)
		err = store_domain_diagnostics(handle->store, window, domain, DETAIL_DIAGNOSTICS,
			add_diagnostic, diagnostics);
	if (!err)
		err = read_series(handle, window, domain, step, series);
	json_object_set_new(json, "reasons", reasons);
	json_object_set_new(json, "diagnostics", diagnostics);
	json_object_set_new(json, "step", json_string(step == STORE_STEP_DAY ? "day" : "hour"));
	json_object_set_new(json, "series", series);
	return err;
}

enum err handle_domain(struct handle *handle)
{
	struct str domain;
	enum store_step step = STORE_STEP_HOUR;
	struct store_window window;
	enum err err;
	json_t *json;

	if (!handle_domain_name(handle, &domain) || !handle_window(handle, &window) ||
		!choose_step(handle, &window, &step))
		return ERR_OK;
	json = handle_window_json(handle, &window, STORE_FROM_DOMAINS);
	err = fill_domain(handle, &window, domain, step, json);
	if (err)
		json_decref(json);
	else
		handle_list(handle, json, "series");
	return err;
}
