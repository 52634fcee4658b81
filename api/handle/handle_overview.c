/* api/handle/handle_overview.c -- counts over time, by reason and by stream, and what is known of one address. */
#include "api/handle/gaps.h"
#include "api/handle/handle.h"
#include "api/handle/suppression_json_priv.h"
#include "core/limits.h"
#include "core/timestamp.h"
#include "store/overview.h"

enum { NEWEST_EVENTS = 20, TIMEZONE_BYTES = 64 };

/* The domain that was asked for; NULL: all. */
static const struct str *domain_of(const struct handle *handle)
{
	return has_param(handle, PARAM_DOMAIN) ? &handle->values.text[PARAM_DOMAIN] : NULL;
}

static json_t *head_json(const struct handle *handle, const struct store_window *window,
	const struct str *domain, enum store_counted counted)
{
	json_t *json = handle_window_json(handle, window, counted);

	json_object_set_new(json, "domain", domain ? json_text(*domain) : json_null());
	return json;
}

static json_t *turned_round(json_t *take_rows)
{
	json_t *turned = json_array();

	for (size_t i = json_array_size(take_rows); i--;)
		json_array_append(turned, json_array_get(take_rows, i));
	json_decref(take_rows);
	return turned;
}

/* `order` is that of the rows. */
static enum err answer_rows(struct handle *handle, enum err err, json_t *json, const char *key,
	json_t *rows, enum param_order order)
{
	if (handle_is_reversed(handle, order))
		rows = turned_round(rows);
	json_object_set_new(json, key, rows);
	if (err)
		json_decref(json);
	else
		handle_list(handle, json, key);
	return err;
}

/* ---- over time ---- */

struct series {
	const struct handle *handle;
	const struct store_window *window;
	enum store_interval interval;
	struct gaps gaps;
	json_t *rows;
};

/* The longest that an interval can be, so that none is called mature too early. */
static int64_t longest_us(enum store_interval interval)
{
	return interval == STORE_INTERVAL_MONTH ? 31 * TIMESTAMP_DAY_US
						: store_interval_us(interval);
}

static bool put_point(void *context, const struct store_series_row *row)
{
	struct series *series = context;
	int64_t end_us = row->at_us + longest_us(series->interval);
	json_t *json = json_object();

	json_object_set_new(json, "at", json_time(row->at_us));
	json_object_set_new(json, "mature", handle_mature(series->handle, series->window, end_us));
	handle_set_counts(json, &row->counts);
	handle_set_rates(series->handle, json, &row->counts);
	if (series->interval < STORE_INTERVAL_DAY)
		json_array_append_new(json_object_get(json, "flags"), json_string("by_the_hour"));
	json_array_append_new(series->rows, json);
	return true;
}

static bool add_point(void *context, const struct store_series_row *row)
{
	struct series *series = context;

	gaps_fill(&series->gaps, row->at_us, put_point, series);
	return put_point(series, row);
}

static bool choose_interval(
	struct handle *handle, const struct store_window *window, enum store_interval *ret_interval)
{
	int64_t width_us = window->to_us - window->from_us;
	enum store_interval interval =
		width_us <= 7 * TIMESTAMP_DAY_US ? STORE_INTERVAL_HOUR : STORE_INTERVAL_DAY;

	if (has_param(handle, PARAM_INTERVAL))
		interval = (enum store_interval)handle->values.number[PARAM_INTERVAL];
	if (width_us / store_interval_us(interval) > LIMIT_PAGE_ROWS)
		return handle_refuse(handle, PARAM_INTERVAL,
			STR("the window has more than 1000 of these: ask for longer ones"));
	*ret_interval = interval;
	return true;
}

/* *ret_timezone is empty when the answer is a problem. Offsets and rules of one's own are no names. */
static enum err choose_timezone(struct handle *handle, struct str *ret_timezone)
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_/+-";
	struct str timezone = STR("UTC");
	enum err err = ERR_NOT_FOUND;

	*ret_timezone = STR_EMPTY;
	if (has_param(handle, PARAM_TZ))
		timezone = handle->values.text[PARAM_TZ];
	if (timezone.n <= TIMEZONE_BYTES && ascii_alpha(timezone.p[0]) &&
		str_span(timezone, letters) == timezone.n)
		err = store_timezone_known(handle->store, timezone);
	if (err == ERR_NOT_FOUND) {
		handle_refuse(handle, PARAM_TZ, STR("the name of a time zone, like Europe/Berlin"));
		return ERR_OK;
	}
	if (!err)
		*ret_timezone = timezone;
	return err;
}

/* Days of words are those of UTC: what is finer, or of another zone, is counted from events. */
static bool counted_over_time(struct handle *handle, enum store_interval interval,
	struct store_window *window, enum store_counted *ret_counted)
{
	bool days =
		interval >= STORE_INTERVAL_DAY &&
		(!has_param(handle, PARAM_TZ) || str_eq(handle->values.text[PARAM_TZ], STR("UTC")));

	if (store_counted_from(STORE_DIMENSION_COUNT, window->filters) != STORE_FROM_DAYS || days)
		return handle_counted(handle, STORE_DIMENSION_COUNT, window, ret_counted);
	*ret_counted = STORE_FROM_EVENTS;
	return handle_counts_events(handle, window);
}

enum err handle_timeseries(struct handle *handle)
{
	const struct str *domain = domain_of(handle);
	enum store_interval interval = STORE_INTERVAL_HOUR;
	struct store_window window;
	struct str timezone;
	struct series series = { .handle = handle, .window = &window };
	enum store_counted counted;
	json_t *json;
	enum err err;

	if (!handle_window(handle, &window) || !choose_interval(handle, &window, &interval) ||
		!counted_over_time(handle, interval, &window, &counted))
		return ERR_OK;
	err = choose_timezone(handle, &timezone);
	if (!err && timezone.n)
		err = gaps_open(handle, &window, interval, timezone, &series.gaps);
	if (err || !timezone.n)
		return err;
	json = head_json(handle, &window, domain, counted);
	json_object_set_new(json, "interval", json_text(store_interval_name(interval)));
	json_object_set_new(json, "tz", json_text(timezone));
	series.interval = interval;
	series.rows = json_array();
	err = store_timeseries(
		handle->store, &window, domain, interval, timezone, add_point, &series);
	if (!err)
		gaps_fill(&series.gaps, GAPS_END, put_point, &series);
	return answer_rows(handle, err, json, "points", series.rows, ORDER_ASC);
}

/* ---- by reason and by stream ---- */

static bool add_reason(void *context, const struct store_reason_row *row)
{
	json_t *json = json_object();
	enum reason reason = REASON_NONE;
	bool known = reason_from_name(row->reason, &reason);

	json_object_set_new(json, "outcome", json_text(outcome_name(row->outcome)));
	json_object_set_new(json, "reason", json_text(row->reason));
	json_object_set_new(json, "class", json_text(row->class));
	json_object_set_new(json, "count", json_integer((json_int_t)row->count));
	json_object_set_new(json, "about",
		known ? json_text(reason_about_name(reason_about(reason))) : json_null());
	json_object_set_new(
		json, "meaning", known ? json_text(reason_meaning(reason)) : json_null());
	json_array_append_new(context, json);
	return true;
}

enum err handle_reasons(struct handle *handle)
{
	const struct str *domain = domain_of(handle);
	enum store_counted counted = STORE_FROM_DOMAINS;
	struct store_window window;
	json_t *rows;
	enum err err;

	/* Of a domain alone, reasons are kept. */
	if (!handle_window(handle, &window) ||
		(store_counted_from(STORE_BY_STREAM, window.filters) != STORE_FROM_DOMAINS &&
			!handle_counted(handle, STORE_BY_REASON, &window, &counted)))
		return ERR_OK;
	rows = json_array();
	err = store_reasons(handle->store, &window, domain, add_reason, rows);
	return answer_rows(handle, err, head_json(handle, &window, domain, counted), "reasons",
		rows, ORDER_DESC);
}

struct streams {
	const struct handle *handle;
	json_t *rows;
};

static bool add_stream(void *context, const struct store_stream_row *row)
{
	struct streams *streams = context;
	json_t *json;

	if (!handle_may_use(streams->handle, row->stream))
		return true;
	json = json_object();
	json_object_set_new(json, "stream", json_stringn(row->stream.p, row->stream.n));
	handle_set_counts(json, &row->counts);
	handle_set_rates(streams->handle, json, &row->counts);
	json_array_append_new(streams->rows, json);
	return true;
}

/* With filters they are asked for as any other word. */
static bool add_word(void *context, const struct store_domain_row *row)
{
	const struct store_stream_row stream = { row->domain, row->counts };

	return add_stream(context, &stream);
}

static enum err read_streams(struct streams *streams, const struct store_window *window,
	const struct str *domain, enum store_counted counted)
{
	const struct store_domains_query query = { .window = *window,
		.by = STORE_BY_STREAM,
		.sort = STORE_SORT_DOMAIN,
		.limit = LIMIT_PAGE_ROWS };
	struct store *store = streams->handle->store;

	if (counted == STORE_FROM_DOMAINS || !store_filters_any(window->filters))
		return store_streams(store, window, domain, add_stream, streams);
	return store_domains(store, &query, add_word, streams);
}

enum err handle_streams(struct handle *handle)
{
	const struct str *domain = domain_of(handle);
	struct streams streams = { handle, NULL };
	enum store_counted counted;
	struct store_window window;
	enum err err;

	if (!handle_window(handle, &window) ||
		!handle_counted(handle, STORE_BY_STREAM, &window, &counted))
		return ERR_OK;
	streams.rows = json_array();
	err = read_streams(&streams, &window, domain, counted);
	return answer_rows(handle, err, head_json(handle, &window, domain, counted), "streams",
		streams.rows, ORDER_ASC);
}

/* ---- one recipient ---- */

static bool add_event(void *context, const struct store_event *event)
{
	json_array_append_new(context, handle_event_json(event));
	return true;
}

static json_t *recipient_json(
	struct str address, struct str stream, const struct store_recipient *counts)
{
	json_t *json = json_object();
	const struct {
		const char *key;
		uint64_t count;
	} fields[] = { { "events", counts->events }, { "failed", counts->failed },
		{ "hard", counts->hard }, { "soft", counts->soft }, { "block", counts->block },
		{ "delayed", counts->delayed }, { "delivered", counts->delivered },
		{ "complaints", counts->complaints } };

	json_object_set_new(json, "recipient", json_text(address));
	json_object_set_new(json, "stream", json_text(stream));
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		json_object_set_new(json, fields[i].key, json_integer((json_int_t)fields[i].count));
	json_object_set_new(json, "first_at", json_time(counts->first_us));
	json_object_set_new(json, "last_at", json_time(counts->last_us));
	return json;
}

/* As POST /v1/suppressions/check says it, for the stream that is asked about. */
static enum err set_suppression(struct handle *handle, struct str address, json_t *json)
{
	struct check_answer answer;
	enum err err = check_find(handle->store, handle->arena, &address, 1,
		suppression_stream(handle), handle->request->now_us, &answer);

	if (err)
		return err;
	json_object_set_new(json, "suppression",
		json_pack("{s:o,s:o}", "answer", json_text(meaning_name(answer.meaning)), "entry",
			answer.entry ? suppression_json(handle, answer.entry, answer.meaning)
				     : json_null()));
	return ERR_OK;
}

enum err handle_recipient(struct handle *handle)
{
	struct str address, stream = handle->values.text[PARAM_STREAM];
	struct store_events_query query;
	struct store_recipient counts;
	json_t *json, *newest;
	enum err err;

	if (!handle_address(handle, &address))
		return ERR_OK;
	err = store_recipient(handle->store, address, stream, &counts);
	if (err)
		return err;
	store_events_query_init(&query);
	query.to_us = counts.events ? counts.last_us + 1 : 0;
	query.from_us = counts.events ? counts.first_us : 0;
	query.recipient = address;
	query.stream = stream;
	query.limit = NEWEST_EVENTS;
	newest = json_array();
	if (counts.events)
		err = store_events(handle->store, &query, add_event, newest);
	json = recipient_json(address, stream, &counts);
	json_object_set_new(json, "newest", newest);
	if (!err)
		err = set_suppression(handle, address, json);
	if (err)
		json_decref(json);
	else
		answer_json(handle->answer, 200, json);
	return err;
}
