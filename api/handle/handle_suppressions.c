/* api/handle/handle_suppressions.c -- the suppression list: shown, asked, and changed by hand. */
#include "api/handle/page.h"
#include "api/request/json_body.h"
#include "core/limits.h"
#include "core/timestamp.h"
#include "store/store_suppress.h"

enum { EVIDENCE_EVENTS = 100, SUPPRESSION_STREAM_BYTES = 128 };

static void set_text(json_t *json, const char *key, struct str text)
{
	json_object_set_new(json, key, json_text(text));
}

/* "evidence" is the newest event that was held against the address. */
static json_t *row_json(const struct store_suppression *row)
{
	char room[UUID_TEXT_BYTES];
	json_t *json = json_object();

	set_text(json, "address", row->address);
	set_text(json, "stream", row->stream);
	set_text(json, "domain", row->domain);
	set_text(json, "state", suppression_state_name(row->state));
	set_text(json, "reason", reason_name(row->reason));
	set_text(json, "class", reason_class_name(row->class));
	set_text(json, "source", row->source);
	json_object_set_new(json, "first_seen_at", json_time(row->first_seen_us));
	json_object_set_new(json, "last_seen_at", json_time(row->last_seen_us));
	json_object_set_new(json, "expires_at", json_time(row->expires_at_us));
	json_object_set_new(json, "count", json_integer((json_int_t)row->count));
	set_text(json, "status", row->status);
	set_text(json, "diagnostic", row->diagnostic);
	set_text(json, "evidence",
		row->has_evidence ? uuid_format(&row->evidence, room) : STR_EMPTY);
	return json;
}

static bool refuse_body(struct handle *handle, struct str pointer, const char *wanted)
{
	answer_problem(handle->answer, PROBLEM_INVALID_FIELD, str_c(wanted), "pointer", pointer);
	return false;
}

/* The body as JSON, or NULL and a problem. */
static json_t *read_body(struct handle *handle)
{
	struct str body = handle->request->body;
	struct json_fault fault;
	json_t *json = json_body_read(handle->arena, body, 0, &fault);

	if (!json)
		answer_problem(handle->answer,
			fault.too_large ? PROBLEM_INVALID_FIELD : PROBLEM_MALFORMED_JSON,
			fault.detail, "where", fault.where);
	return json;
}

/* ---- the list ---- */

static bool add_row(void *context, const struct store_suppression *row)
{
	const struct str place[PLACE_FIELDS] = { row->address, row->stream };
	struct page *page = context;

	if (page_is_full(page))
		return false;
	page_add(page, row_json(row), place);
	return true;
}

enum err handle_suppressions(struct handle *handle)
{
	struct store_suppressions_query query = { .state = enum_param(handle, PARAM_STATE),
		.domain = handle->values.text[PARAM_DOMAIN],
		.stream = has_param(handle, PARAM_STREAM) ? &handle->values.text[PARAM_STREAM]
							  : NULL };
	struct store_suppression_place after;
	struct page page;

	if (!page_open(&page, handle, NULL))
		return ERR_OK;
	after = (struct store_suppression_place){ page.after[0], page.after[1] };
	if (page.has_after && !after.address.n)
		return page_refuse(&page);
	query.after = page.has_after ? &after : NULL;
	query.limit = page_ask(&page);
	return page_answer(&page, store_suppressions(handle->store, &query, add_row, &page),
		json_object(), "suppressions");
}

/* ---- one address ---- */

static enum err answer_missing(struct handle *handle)
{
	answer_problem(handle->answer, PROBLEM_NOT_FOUND,
		STR("the list has no such address for this stream"), NULL, STR_EMPTY);
	return ERR_OK;
}

static enum err answer_row(struct handle *handle, struct str address)
{
	struct str stream = handle->values.text[PARAM_STREAM];
	struct store_suppression row;
	struct store_evidence *events;
	char room[UUID_TEXT_BYTES];
	json_t *json, *list;
	size_t n;
	enum err err = store_suppression(handle->store, handle->arena, address, stream, &row);

	if (!err)
		err = store_suppression_evidence(handle->store, handle->arena, address, stream,
			EVIDENCE_EVENTS, &events, &n);
	if (err)
		return err == ERR_NOT_FOUND ? answer_missing(handle) : err;
	json = row_json(&row);
	list = json_array();
	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			list, json_pack("{s:o,s:o}", "id",
				      json_text(uuid_format(&events[i].event_id, room)), "seen_at",
				      json_time(events[i].seen_at_us)));
	json_object_set_new(json, "events", list);
	answer_json(handle->answer, 200, json);
	return ERR_OK;
}

enum err handle_suppression(struct handle *handle)
{
	struct str address;

	if (!handle_address(handle, &address))
		return ERR_OK;
	return answer_row(handle, address);
}

/* {"note":"..."}, or nothing in it. */
static bool read_entry(struct handle *handle, json_t *json, struct store_suppression *row)
{
	json_t *note = json_object_get(json, "note");

	if (!json_is_object(json) || json_object_size(json) != (note != NULL))
		return refuse_body(
			handle, STR_EMPTY, "wanted: an object, empty or with a \"note\" alone");
	if (note && (!json_is_string(note) || json_string_length(note) > LIMIT_FIELD_TEXT_BYTES))
		return refuse_body(handle, STR("/note"), "wanted: a string of at most 1024 bytes");
	row->diagnostic = str_from(json_string_value(note), json_string_length(note));
	return true;
}

enum err handle_suppression_put(struct handle *handle)
{
	struct store_suppression row = { .stream = handle->values.text[PARAM_STREAM],
		.source = STR("manual"),
		.status = STR_EMPTY,
		.first_seen_us = handle->request->now_us,
		.last_seen_us = handle->request->now_us,
		.expires_at_us = TIMESTAMP_NONE };
	enum err err = ERR_OK;
	json_t *json;
	size_t kept;
	bool good;

	if (!handle_address(handle, &row.address))
		return ERR_OK;
	if (row.stream.n > SUPPRESSION_STREAM_BYTES) {
		handle_refuse(handle, PARAM_STREAM, STR("at most 128 bytes"));
		return ERR_OK;
	}
	row.domain = suppression_domain(row.address);
	json = handle->request->body.n ? read_body(handle) : json_object();
	if (!json)
		return ERR_OK;
	good = read_entry(handle, json, &row);
	if (good)
		err = store_suppressions_put(handle->store, &row, 1, &kept);
	json_decref(json);
	if (!good || err)
		return err;
	return answer_row(handle, row.address);
}

enum err handle_suppression_delete(struct handle *handle)
{
	struct str address;
	enum err err;

	if (!handle_address(handle, &address))
		return ERR_OK;
	err = store_suppression_remove(
		handle->store, address, handle->values.text[PARAM_STREAM], handle->request->now_us);
	/* One that was removed before is as gone as the client wants it. */
	return err && err != ERR_NOT_FOUND ? err : answer_row(handle, address);
}

/* ---- many addresses asked at once ---- */

static bool add_found(void *context, const struct store_suppression *row)
{
	json_array_append_new(context, row_json(row));
	return true;
}

static bool read_addresses(
	struct handle *handle, json_t *json, struct str **ret_addresses, size_t *ret_n)
{
	json_t *list = json_object_get(json, "addresses"), *item;
	struct str *addresses;
	size_t i;

	if (!json_is_object(json) || !json_is_array(list) || json_object_size(json) != 1)
		return refuse_body(
			handle, STR_EMPTY, "wanted: an object with an array \"addresses\" alone");
	if (json_array_size(list) > LIMIT_SUPPRESSION_ROWS)
		return refuse_body(handle, STR("/addresses"), "wanted: at most 10000");
	addresses = arena_calloc(handle->arena, json_array_size(list), sizeof *addresses);
	json_array_foreach(list, i, item)
	{
		struct str text = str_from(json_string_value(item), json_string_length(item));

		if (!json_is_string(item) ||
			!suppression_address(handle->arena, text, &addresses[i]))
			return refuse_body(handle, arena_printf(handle->arena, "/addresses/%zu", i),
				"wanted: a mail address");
	}
	*ret_addresses = addresses;
	*ret_n = json_array_size(list);
	return true;
}

static enum err answer_check(struct handle *handle, const struct str *addresses, size_t n)
{
	json_t *found = json_array();
	enum err err = store_suppression_check(handle->store, addresses, n,
		handle->values.text[PARAM_STREAM], handle->request->now_us, add_found, found);

	if (err)
		json_decref(found);
	else
		answer_json(handle->answer, 200,
			json_pack("{s:I,s:o}", "checked", (json_int_t)n, "suppressed", found));
	return err;
}

enum err handle_suppressions_check(struct handle *handle)
{
	json_t *json = read_body(handle);
	struct str *addresses;
	enum err err = ERR_OK;
	size_t n;

	if (!json)
		return ERR_OK;
	if (read_addresses(handle, json, &addresses, &n))
		err = answer_check(handle, addresses, n);
	json_decref(json);
	return err;
}
