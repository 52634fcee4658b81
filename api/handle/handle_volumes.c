#include "api/handle/handle.h"
#include "api/request/volume_body.h"
#include "core/limits.h"
#include "core/timestamp.h"
#include "domain/domain_name.h"

#include <stdlib.h>
#include <string.h>

enum { VOLUME_STREAM_BYTES = 128, VOLUME_LABEL_BYTES = 256 };
#define QUARTER_US      (15 * TIMESTAMP_MINUTE_US)
#define VOLUME_FIRST_US (timestamp_days(2000, 1, 1) * TIMESTAMP_DAY_US)

/* Each reads one field. Returns what was wanted, or NULL when the field is good. */
typedef const char *field_fn(struct arena *arena, const json_t *value, struct store_volume *row);

static bool text_of(const json_t *value, size_t max_bytes, struct str *ret_text)
{
	struct str text = str_from(json_string_value(value), json_string_length(value));

	if (!json_is_string(value) || text.n > max_bytes)
		return false;
	*ret_text = text;
	return true;
}

static bool read_start(const json_t *value, int64_t step_us, int64_t *ret_at_us)
{
	struct str text;

	return text_of(value, LIMIT_FIELD_TEXT_BYTES, &text) && timestamp_parse(text, ret_at_us) &&
	       timestamp_floor(*ret_at_us, step_us) == *ret_at_us;
}

static const char *read_hour(struct arena *arena, const json_t *value, struct store_volume *row)
{
	(void)arena;
	return read_start(value, TIMESTAMP_HOUR_US, &row->at_us)
		       ? NULL
		       : "a whole hour of RFC 3339, like \"2026-11-23T10:00:00Z\"";
}

static const char *read_quarter(struct arena *arena, const json_t *value, struct store_volume *row)
{
	(void)arena;
	row->quarter = true;
	return read_start(value, QUARTER_US, &row->at_us)
		       ? NULL
		       : "the start of a quarter of an hour of RFC 3339, like "
			 "\"2026-11-23T10:15:00Z\"";
}

static const char *read_stream(struct arena *arena, const json_t *value, struct store_volume *row)
{
	(void)arena;
	return text_of(value, VOLUME_STREAM_BYTES, &row->stream) ? NULL
								 : "a string of at most 128 bytes";
}

static const char *read_campaign(struct arena *arena, const json_t *value, struct store_volume *row)
{
	(void)arena;
	return text_of(value, VOLUME_LABEL_BYTES, &row->campaign) ? NULL
								  : "a string of at most 256 bytes";
}

static const char *read_source(struct arena *arena, const json_t *value, struct store_volume *row)
{
	(void)arena;
	return text_of(value, VOLUME_LABEL_BYTES, &row->source) ? NULL
								: "a string of at most 256 bytes";
}

static const char *read_domain(struct arena *arena, const json_t *value, struct store_volume *row)
{
	struct str text = STR_EMPTY;

	if (!text_of(value, LIMIT_DOMAIN_BYTES, &text) || !domain_name(arena, text, &row->domain))
		return "a domain, like \"example.com\"";
	return NULL;
}

static bool number_of(const json_t *value, uint64_t *ret_number)
{
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		(uint64_t)json_integer_value(value) > STORE_VOLUME_MAX)
		return false;
	*ret_number = (uint64_t)json_integer_value(value);
	return true;
}

static const char wanted_number[] = "a whole number from 0 to 9007199254740992 (2^53)";

static const char *read_attempted(
	struct arena *arena, const json_t *value, struct store_volume *row)
{
	(void)arena;
	return number_of(value, &row->attempted) ? NULL : wanted_number;
}

static const char *read_accepted(struct arena *arena, const json_t *value, struct store_volume *row)
{
	(void)arena;
	row->has_accepted = true;
	return number_of(value, &row->accepted) ? NULL : wanted_number;
}

static const char *read_deferred(struct arena *arena, const json_t *value, struct store_volume *row)
{
	(void)arena;
	row->has_deferred = true;
	return number_of(value, &row->deferred) ? NULL : wanted_number;
}

static const struct {
	const char *key;
	bool required;
	field_fn *read;
} fields[] = {
	{ "hour", false, read_hour },
	{ "quarter", false, read_quarter },
	{ "domain", true, read_domain },
	{ "attempted", true, read_attempted },
	{ "accepted", false, read_accepted },
	{ "deferred", false, read_deferred },
	{ "stream", false, read_stream },
	{ "campaign", false, read_campaign },
	{ "source", false, read_source },
};

static bool refuse(struct handle *handle, struct str pointer, const char *detail)
{
	answer_problem(handle->answer, PROBLEM_INVALID_FIELD, str_c(detail), "pointer", pointer);
	return false;
}

static struct str field_pointer(struct handle *handle, size_t i, const char *key)
{
	return arena_printf(handle->arena, "/volumes/%zu/%s", i, key);
}

/* "~" and "/" in a key are escaped in a pointer, RFC 6901 3. */
static struct str escaped(struct arena *arena, const char *key)
{
	struct str out = STR_EMPTY;

	for (; *key; key++)
		out = *key == '~'   ? arena_printf(arena, "%.*s~0", STR_ARG(out))
		      : *key == '/' ? arena_printf(arena, "%.*s~1", STR_ARG(out))
				    : arena_printf(arena, "%.*s%c", STR_ARG(out), *key);
	return out;
}

static bool is_field(const char *key)
{
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (strcmp(key, fields[i].key) == 0)
			return true;
	return false;
}

static bool check_keys(struct handle *handle, json_t *json, size_t i)
{
	const char *key;
	json_t *value;

	json_object_foreach(json, key, value)
	{
		if (is_field(key))
			continue;
		key = escaped(handle->arena, arena_c(handle->arena, str_head(str_c(key), 100))).p;
		return refuse(handle, field_pointer(handle, i, key),
			"no such field; known: hour, quarter, domain, attempted, accepted, "
			"deferred, "
			"stream, campaign, source");
	}
	return true;
}

/* A key that is bound to one stream need not name it. */
static bool check_stream(struct handle *handle, size_t i, struct store_volume *row)
{
	struct str streams = handle->grant.streams;

	if (!row->stream.n)
		row->stream = streams.n && str_chr(streams, ',') == STR_NPOS
				      ? streams
				      : STR(STORE_DEFAULT_STREAM);
	if (handle_may_use(handle, row->stream))
		return true;
	answer_problem(handle->answer, PROBLEM_FORBIDDEN,
		arena_printf(handle->arena, "the key is bound to the streams %.*s",
			STR_ARG(handle->grant.streams)),
		"pointer", field_pointer(handle, i, "stream"));
	return false;
}

/* One of hour and quarter, of a time in which there can have been mail. */
static bool check_time(
	struct handle *handle, const json_t *json, size_t i, const struct store_volume *row)
{
	const char *key = row->quarter ? "quarter" : "hour";

	if (!json_object_get(json, "hour") == !json_object_get(json, "quarter"))
		return refuse(handle, arena_printf(handle->arena, "/volumes/%zu", i),
			"wanted: one of hour and quarter");
	if (row->at_us >= VOLUME_FIRST_US &&
		row->at_us <= handle->request->now_us + TIMESTAMP_DAY_US)
		return true;
	return refuse(handle, field_pointer(handle, i, key),
		"wanted: a time from the year 2000 to a day from now");
}

static bool read_row(struct handle *handle, json_t *json, size_t i, struct store_volume *row)
{
	if (!json_is_object(json))
		return refuse(handle, arena_printf(handle->arena, "/volumes/%zu", i),
			"wanted: an object");
	*row = (struct store_volume){
		.stream = STR_EMPTY, .campaign = STR_EMPTY, .source = STR_EMPTY
	};
	for (size_t f = 0; f < ARRAY_LEN(fields); f++) {
		const json_t *value = json_object_get(json, fields[f].key);
		const char *wanted;

		if (!value && !fields[f].required)
			continue;
		wanted = fields[f].read(handle->arena, value, row);
		if (wanted)
			return refuse(handle, field_pointer(handle, i, fields[f].key),
				arena_printf(handle->arena, "%swanted: %s",
					value ? "" : "missing; ", wanted)
					.p);
	}
	return check_keys(handle, json, i) && check_time(handle, json, i, row) &&
	       check_stream(handle, i, row);
}

static int compare_keys(const void *a, const void *b)
{
	const struct store_volume *x = *(const struct store_volume *const *)a;
	const struct store_volume *y = *(const struct store_volume *const *)b;
	int order = str_cmp(x->domain, y->domain);

	if (!order)
		order = (x->at_us > y->at_us) - (x->at_us < y->at_us);
	if (!order)
		order = str_cmp(x->stream, y->stream);
	if (!order)
		order = str_cmp(x->campaign, y->campaign);
	return order ? order : str_cmp(x->source, y->source);
}

/* Of two rows with one key one would be lost, and nobody would know. */
static bool check_repeats(struct handle *handle, const struct store_volume *rows, size_t n)
{
	const struct store_volume **sorted = arena_calloc(handle->arena, n, sizeof *sorted);

	for (size_t i = 0; i < n; i++)
		sorted[i] = &rows[i];
	qsort(sorted, n, sizeof *sorted, compare_keys);
	for (size_t i = 1; i < n; i++) {
		size_t a = (size_t)(sorted[i - 1] - rows), b = (size_t)(sorted[i] - rows);

		if (compare_keys(&sorted[i - 1], &sorted[i]))
			continue;
		return refuse(handle, arena_printf(handle->arena, "/volumes/%zu", a > b ? a : b),
			arena_printf(handle->arena,
				"the same time, stream, campaign, domain and source as "
				"/volumes/%zu",
				a < b ? a : b)
				.p);
	}
	return true;
}

static bool read_rows(
	struct handle *handle, json_t *list, struct store_volume **ret_rows, size_t *ret_n)
{
	size_t n = json_array_size(list);
	struct store_volume *rows = arena_calloc(handle->arena, n, sizeof *rows);

	for (size_t i = 0; i < n; i++)
		if (!read_row(handle, json_array_get(list, i), i, &rows[i]))
			return false;
	*ret_rows = rows;
	*ret_n = n;
	return check_repeats(handle, rows, n);
}

static enum err store_and_answer(struct handle *handle, const struct store_volume *rows, size_t n)
{
	enum err err = store_volume_put(handle->store, rows, n);

	if (!err)
		answer_json(handle->answer, 200, json_pack("{s:I}", "stored", (json_int_t)n));
	return err;
}

enum err handle_volumes(struct handle *handle)
{
	static const char *const numbers[] = { "attempted", "accepted", "deferred", NULL };
	static const struct rows_form form = { "volumes", numbers, LIMIT_VOLUME_ROWS };
	const struct api_request *request = handle->request;
	struct rows_fault fault;
	json_t *list =
		rows_read(handle->arena, request->content_type, request->body, &form, &fault);
	struct store_volume *rows;
	enum err err = ERR_OK;
	size_t n;

	if (!list) {
		answer_problem(handle->answer,
			!fault.syntax ? PROBLEM_INVALID_FIELD
			: str_istarts(request->content_type, STR("text/csv"))
				? PROBLEM_MALFORMED_CSV
				: PROBLEM_MALFORMED_JSON,
			fault.detail, fault.is_pointer ? "pointer" : "where", fault.where);
		return ERR_OK;
	}
	if (read_rows(handle, list, &rows, &n))
		err = store_and_answer(handle, rows, n);
	json_decref(list);
	return err;
}
