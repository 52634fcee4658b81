/* api/handle/handle_summary.c -- several answers in one, for who wants all of them at once: a page that is opened, a report by mail.
 * Each part is what its own route answers to the same window. */
#include "api/handle/handle.h"
#include "store/overview.h"

enum { MOST_REASONS = 5 };

/* What a route answers to these values; NULL, and the answer is its problem, where it refuses. */
static enum err ask(
	struct handle *handle, handle_fn *fn, const struct param_values *values, json_t **ret_json)
{
	struct answer *answer = handle->answer;
	struct handle part = *handle;
	enum err err;

	part.values = *values;
	err = fn(&part);
	*ret_json = NULL;
	if (!err && answer->status == 200)
		*ret_json = json_loadb(answer->body.p, answer->body.n, 0, NULL);
	return !err && answer->status == 200 && !*ret_json ? ERR_CORRUPT : err;
}

/* ---- reasons over time ---- */

struct reasons {
	json_t *rows;
	const json_t *steps; /* those of the series beside them */
};

/* The steps of the series, and none of them counted. */
static json_t *no_points(const json_t *steps)
{
	json_t *points = json_array(), *step;
	size_t i;

	json_array_foreach(steps, i, step)
	{
		json_t *point = json_object();

		json_object_set(point, "at", json_object_get(step, "at"));
		json_object_set_new(point, "failed", json_integer(0));
		json_array_append_new(points, point);
	}
	return points;
}

/* One reason's steps come together, and are among those of the series: that counts all reasons. */
static bool add_step(void *context, const struct store_reason_step *step)
{
	struct reasons *reasons = context;
	size_t n = json_array_size(reasons->rows), i;
	json_t *row = n ? json_array_get(reasons->rows, n - 1) : NULL, *at, *point;

	if (!row ||
		!str_eq(str_c(json_string_value(json_object_get(row, "reason"))), step->reason)) {
		row = json_object();
		json_object_set_new(row, "reason", json_text(step->reason));
		json_object_set_new(row, "points", no_points(reasons->steps));
		json_array_append_new(reasons->rows, row);
	}
	at = json_time(step->at_us);
	json_array_foreach(json_object_get(row, "points"), i, point)
	{
		if (json_equal(json_object_get(point, "at"), at))
			json_object_set_new(
				point, "failed", json_integer((json_int_t)step->failed));
	}
	json_decref(at);
	return true;
}

static enum store_interval interval_of(const json_t *series)
{
	struct str name = str_c(json_string_value(json_object_get(series, "interval")));
	enum store_interval interval = STORE_INTERVAL_15M;

	while (interval < STORE_INTERVAL_MONTH && !str_eq(store_interval_name(interval), name))
		interval++;
	return interval;
}

/* The most frequent reasons of failures, each over the steps of the series. */
static enum err add_reasons(struct handle *handle, const json_t *series, json_t *json)
{
	struct reasons reasons = { json_array(), json_object_get(series, "points") };
	struct store_window window;

	json_object_set_new(json, "reasons", reasons.rows);
	if (!handle_window(handle, &window))
		return ERR_OK;
	return store_reason_series(handle->store, &window, interval_of(series),
		str_c(json_string_value(json_object_get(series, "tz"))), MOST_REASONS, add_step,
		&reasons);
}

/* ---- all of it ---- */

/* All of them, whichever one is looked at: who looks at one wants to know which there are. */
static enum err ask_streams(struct handle *handle, json_t **ret_json)
{
	struct param_values values = handle->values;

	values.text[PARAM_STREAM] = STR_EMPTY;
	values.present &= ~PARAM_BIT(PARAM_STREAM);
	return ask(handle, handle_streams, &values, ret_json);
}

enum err handle_summary(struct handle *handle)
{
	json_t *overview, *series = NULL, *streams = NULL, *json;
	enum err err = ask(handle, handle_overview, &handle->values, &overview);

	if (overview)
		err = ask(handle, handle_timeseries, &handle->values, &series);
	if (series)
		err = ask_streams(handle, &streams);
	if (!streams) {
		json_decref(overview);
		json_decref(series);
		return err;
	}
	json = json_pack(
		"{s:o,s:o,s:o}", "overview", overview, "timeseries", series, "streams", streams);
	err = add_reasons(handle, series, json);
	if (err || handle->answer->status != 200)
		json_decref(json);
	else
		answer_json(handle->answer, 200, json);
	return err;
}
