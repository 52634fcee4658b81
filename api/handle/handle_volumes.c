#include "api/handle/handle.h"
#include "core/limits.h"
#include "core/timestamp.h"

#include <string.h>

enum { VOLUME_STREAM_BYTES = 128, VOLUME_LABEL_BYTES = 256 };

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

static const char *read_hour(struct arena *arena, const json_t *value, struct store_volume *row)
{
	struct str text;

	(void)arena;
	if (text_of(value, LIMIT_FIELD_TEXT_BYTES, &text) && timestamp_parse(text, &row->hour_us) &&
		timestamp_floor(row->hour_us, TIMESTAMP_HOUR_US) == row->hour_us)
		return NULL;
	return "a whole hour of RFC 3339, like \"2026-11-23T10:00:00Z\"";
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

/* As events have it: lower-case, IDNA A-labels, no dot at the end. */
static const char *read_domain(struct arena *arena, const json_t *value, struct store_volume *row)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.-_:[]";
	struct str text = STR_EMPTY;

	if (!text_of(value, LIMIT_DOMAIN_BYTES, &text))
		return "a domain of at most 255 bytes";
	text = arena_lower(arena, text);
	if (str_ends(text, STR(".")))
		text.n--;
	if (!text.n || str_span(text, letters) != text.n)
		return "a domain in ASCII (other letters as xn--)";
	row->domain = text;
	return NULL;
}

static const char *read_attempted(
	struct arena *arena, const json_t *value, struct store_volume *row)
{
	(void)arena;
	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return "a whole number, 0 or more";
	row->attempted = (uint64_t)json_integer_value(value);
	return NULL;
}

static const struct {
	const char *key;
	bool required;
	field_fn *read;
} fields[] = {
	{ "hour", true, read_hour },
	{ "domain", true, read_domain },
	{ "attempted", true, read_attempted },
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
			"no such field; known: hour, domain, attempted, stream, campaign, source");
	}
	return true;
}

static bool check_stream(struct handle *handle, struct str stream, size_t i)
{
	if (handle_may_use(handle, stream.n ? stream : STR(STORE_DEFAULT_STREAM)))
		return true;
	answer_problem(handle->answer, PROBLEM_FORBIDDEN,
		arena_printf(handle->arena, "the key is bound to the streams %.*s",
			STR_ARG(handle->grant.streams)),
		"pointer", field_pointer(handle, i, "stream"));
	return false;
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
	return check_keys(handle, json, i) && check_stream(handle, row->stream, i);
}

static bool read_rows(
	struct handle *handle, json_t *json, struct store_volume **ret_rows, size_t *ret_n)
{
	json_t *list = json_object_get(json, "volumes");
	size_t n = json_array_size(list);
	struct store_volume *rows;

	if (!json_is_object(json) || !json_is_array(list))
		return refuse(
			handle, STR("/volumes"), "wanted: an object with an array \"volumes\"");
	if (json_object_size(json) != 1)
		return refuse(handle, STR(""), "wanted: \"volumes\" and no other field");
	if (n > LIMIT_VOLUME_ROWS)
		return refuse(handle, STR("/volumes"), "wanted: at most 10000 rows");
	rows = arena_calloc(handle->arena, n, sizeof *rows);
	for (size_t i = 0; i < n; i++)
		if (!read_row(handle, json_array_get(list, i), i, &rows[i]))
			return false;
	*ret_rows = rows;
	*ret_n = n;
	return true;
}

static enum err store_and_answer(struct handle *handle, const struct store_volume *rows, size_t n)
{
	enum err err = store_volume_put(handle->store, rows, n);
	json_t *json;

	if (err)
		return err;
	json = json_object();
	json_object_set_new(json, "stored", json_integer((json_int_t)n));
	answer_json(handle->answer, 200, json);
	return ERR_OK;
}

enum err handle_volumes(struct handle *handle)
{
	struct str body = handle->request->body;
	struct store_volume *rows;
	enum err err = ERR_OK;
	json_error_t error;
	json_t *json = json_loadb(body.n ? body.p : "", body.n, JSON_REJECT_DUPLICATES, &error);
	size_t n;

	if (!json) {
		answer_problem(handle->answer, PROBLEM_MALFORMED_JSON, str_c(error.text), "where",
			arena_printf(
				handle->arena, "line %d, column %d", error.line, error.column));
		return ERR_OK;
	}
	if (read_rows(handle, json, &rows, &n))
		err = store_and_answer(handle, rows, n);
	json_decref(json);
	return err;
}
