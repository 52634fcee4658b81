/* api/handle/handle_summary.c -- several answers in one, for who wants all of them at once: a page that is opened, a report by mail.
 * Each part is what its own route answers to the same window. */
#include "api/handle/handle.h"
#include "core/report.h"

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

static void set(struct param_values *values, enum param param, struct str text)
{
	values->text[param] = text;
	values->present |= PARAM_BIT(param);
}

/* ---- reasons over time ---- */

static bool is_among(const json_t *rows, const json_t *reason)
{
	const json_t *row;
	size_t i;

	json_array_foreach(
		rows, i, row) if (json_equal(json_object_get(row, "reason"), reason)) return true;
	return false;
}

/* Of a series what is of the reason: failures alone. */
static json_t *points_of(const json_t *series)
{
	json_t *points = json_array(), *point, *one;
	size_t i;

	json_array_foreach(json_object_get(series, "points"), i, point)
	{
		one = json_object();
		json_object_set(one, "at", json_object_get(point, "at"));
		json_object_set(one, "failed", json_object_get(point, "failed"));
		json_array_append_new(points, one);
	}
	return points;
}

static enum err add_reason(
	struct handle *handle, struct param_values *values, json_t *reason, json_t *rows)
{
	json_t *series, *row;
	enum err err;

	set(values, PARAM_REASON, str_c(json_string_value(reason)));
	err = ask(handle, handle_timeseries, values, &series);
	if (!series)
		return err;
	row = json_object();
	json_object_set(row, "reason", reason);
	json_object_set_new(row, "points", points_of(series));
	json_array_append_new(rows, row);
	json_decref(series);
	return ERR_OK;
}

/* The most frequent reasons of failures, each over time. */
static enum err add_reasons(struct handle *handle, json_t *json)
{
	struct param_values values = handle->values;
	json_t *counts, *row, *rows;
	enum err err;
	size_t i;

	set(&values, PARAM_OUTCOME, outcome_name(OUTCOME_FAILED));
	err = ask(handle, handle_reasons, &values, &counts);
	if (!counts)
		return err;
	rows = json_array();
	json_array_foreach(json_object_get(counts, "reasons"), i, row)
	{
		json_t *reason = json_object_get(row, "reason");

		if (json_array_size(rows) < MOST_REASONS && json_is_string(reason) &&
			!is_among(rows, reason) && !err)
			err = add_reason(handle, &values, reason, rows);
	}
	json_object_set_new(json, "reasons", rows);
	json_decref(counts);
	return err;
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
	err = add_reasons(handle, json);
	if (err || handle->answer->status != 200)
		json_decref(json);
	else
		answer_json(handle->answer, 200, json);
	return err;
}
