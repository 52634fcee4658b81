/* api/handle/handle_suppressions.c -- the suppression list: shown, and changed by hand. */
#include "api/handle/page.h"
#include "api/handle/suppression_json_priv.h"
#include "core/limits.h"
#include "core/timestamp.h"
#include "store/store_suppress.h"
#include "suppress/entry.h"

enum { EVIDENCE_EVENTS = 100, SUPPRESSION_STREAM_BYTES = 128 };

/* ---- the list ---- */

struct entries {
	struct arena *arena;
	struct store_suppression *rows;
	struct str *addresses;
	size_t n;
};

static bool add_entry(void *context, const struct store_suppression *row)
{
	struct entries *entries = context;

	entries->rows[entries->n] = check_copy(entries->arena, row);
	entries->addresses[entries->n] = entries->rows[entries->n].address;
	entries->n++;
	return true;
}

/* Each entry with what its address is for the stream that is asked about: another entry may say otherwise. */
static enum err add_rows(struct page *page, const struct entries *entries)
{
	struct handle *handle = page->handle;
	struct check_answer *answers = arena_calloc(handle->arena, entries->n, sizeof *answers);
	enum err err = check_find(handle->store, handle->arena, entries->addresses, entries->n,
		suppression_stream(handle), handle->request->now_us, answers);

	for (size_t i = 0; i < entries->n && !err && !page_is_full(page); i++) {
		const struct store_suppression *row = &entries->rows[i];
		const struct str place[PLACE_FIELDS] = { row->address, row->stream };

		page_add(page, suppression_json(handle, row, answers[i].meaning), place);
	}
	return err;
}

enum err handle_suppressions(struct handle *handle)
{
	struct store_suppressions_query query = { .state = enum_param(handle, PARAM_STATE),
		.domain = handle->values.text[PARAM_DOMAIN],
		.stream = suppression_stream(handle),
		.now_us = handle->request->now_us };
	struct entries entries = { .arena = handle->arena };
	struct store_suppression_place after;
	struct page page;
	enum err err;

	if (!page_open(&page, handle, NULL))
		return ERR_OK;
	after = (struct store_suppression_place){ page.after[0], page.after[1] };
	if (page.has_after && !after.address.n)
		return page_refuse(&page);
	query.after = page.has_after ? &after : NULL;
	query.limit = page_ask(&page);
	entries.rows = arena_calloc(handle->arena, query.limit, sizeof *entries.rows);
	entries.addresses = arena_calloc(handle->arena, query.limit, sizeof *entries.addresses);
	err = store_suppressions(handle->store, &query, add_entry, &entries);
	if (!err)
		err = add_rows(&page, &entries);
	return page_answer(&page, err, json_object(), "suppressions");
}

/* ---- one address ---- */

static enum err answer_missing(struct handle *handle)
{
	answer_problem(handle->answer, PROBLEM_NOT_FOUND,
		STR("the list has no such address for this stream"), NULL, STR_EMPTY);
	return ERR_OK;
}

/* The entry that says what the address is, the events behind it, and all entries that reach it. */
static enum err answer_target(struct handle *handle, struct str address)
{
	const struct str *stream = suppression_stream(handle), *viewer = suppression_viewer(handle);
	struct store_evidence *events = NULL;
	struct check_answer answer;
	json_t *json, *entries;
	size_t n = 0;
	enum err err = check_find(handle->store, handle->arena, &address, 1, stream,
		handle->request->now_us, &answer);

	if (!err && !answer.entry)
		return answer_missing(handle);
	if (!err && meaning_shows(answer.entry, viewer))
		err = store_suppression_evidence(handle->store, handle->arena,
			answer.entry->address, answer.entry->stream, EVIDENCE_EVENTS, &events, &n);
	if (err)
		return err;
	json = suppression_json(handle, answer.entry, answer.meaning);
	json_object_set_new(json, "events", suppression_events_json(events, n));
	entries = json_array();
	for (size_t i = 0; i < answer.n_entries; i++)
		json_array_append_new(
			entries, suppression_json(handle, &answer.entries[i], answer.meaning));
	json_object_set_new(json, "entries", entries);
	answer_json(handle->answer, 200, json);
	return ERR_OK;
}

/* "ann@example.com" or "@example.com". */
static bool read_target(struct handle *handle, struct str *ret_target)
{
	return suppression_target(handle->arena, handle->segment, ret_target) ||
	       handle_address(handle, ret_target);
}

enum err handle_suppression(struct handle *handle)
{
	struct str address;

	if (!read_target(handle, &address))
		return ERR_OK;
	return answer_target(handle, address);
}

/* ---- by hand ---- */

static bool read_note(struct handle *handle, json_t *note, struct store_suppression *row)
{
	if (note && (!json_is_string(note) || json_string_length(note) > LIMIT_FIELD_TEXT_BYTES))
		return suppression_refuse(
			handle, STR("/note"), "wanted: a string of at most 1024 bytes");
	row->diagnostic = str_from(json_string_value(note), json_string_length(note));
	return true;
}

/* Whoever is bound to a stream cannot set aside what others know. */
static bool read_state(struct handle *handle, json_t *state, struct store_suppression *row)
{
	struct str text = str_from(json_string_value(state), json_string_length(state));

	if (!state)
		return true;
	if (!json_is_string(state) || !suppression_state_from_name(text, &row->state) ||
		(row->state != SUPPRESSION_ACTIVE && row->state != SUPPRESSION_HELD &&
			row->state != SUPPRESSION_ALLOWED))
		return suppression_refuse(
			handle, STR("/state"), "wanted: one of active, held, allowed");
	if (row->state != SUPPRESSION_ALLOWED || !handle->grant.streams.n)
		return true;
	answer_problem(handle->answer, PROBLEM_FORBIDDEN,
		STR("a key that is bound to streams cannot allow what others know to fail"), NULL,
		STR_EMPTY);
	return false;
}

static bool read_end(struct handle *handle, json_t *end, struct store_suppression *row)
{
	struct str text = str_from(json_string_value(end), json_string_length(end));

	if (!end || json_is_null(end) ||
		(json_is_string(end) && timestamp_parse(text, &row->expires_at_us) &&
			row->expires_at_us > handle->request->now_us))
		return true;
	return suppression_refuse(handle, STR("/expires_at"),
		"wanted: a date-time of RFC 3339 that is still to come, or null");
}

/* {"note":"...","state":"active","expires_at":"..."}, each if wanted. */
static bool read_entry(struct handle *handle, json_t *json, struct store_suppression *row)
{
	json_t *note = json_object_get(json, "note"), *state = json_object_get(json, "state");
	json_t *end = json_object_get(json, "expires_at");

	if (!json_is_object(json) || json_object_size(json) != (size_t)(!!note + !!state + !!end))
		return suppression_refuse(handle, STR_EMPTY,
			"wanted: an object, empty or with \"note\", \"state\", \"expires_at\" "
			"alone");
	return read_note(handle, note, row) && read_state(handle, state, row) &&
	       read_end(handle, end, row);
}

static bool read_put_target(struct handle *handle, struct store_suppression *row)
{
	if (!read_target(handle, &row->address))
		return false;
	if (row->stream.n > SUPPRESSION_STREAM_BYTES)
		return handle_refuse(handle, PARAM_STREAM, STR("at most 128 bytes"));
	row->domain = suppression_domain(row->address);
	return true;
}

enum err handle_suppression_put(struct handle *handle)
{
	struct store_suppression row = { .stream = handle->values.text[PARAM_STREAM],
		.source = STR("manual"),
		.status = STR_EMPTY,
		.first_seen_us = handle->request->now_us,
		.last_seen_us = handle->request->now_us,
		.expires_at_us = TIMESTAMP_NONE,
		.changed_by = suppression_who(handle) };
	enum err err = ERR_OK;
	struct str note;
	json_t *json;
	size_t kept;
	bool good;

	if (!read_put_target(handle, &row))
		return ERR_OK;
	json = suppression_body(handle);
	if (!json)
		return ERR_OK;
	good = read_entry(handle, json, &row);
	note = arena_dup(handle->arena, row.diagnostic);
	if (good)
		err = store_suppressions_put(handle->store, &row, 1, &kept);
	json_decref(json);
	if (!good || err)
		return err;
	handle->note = note;
	handle_changed(handle,
		row.state == SUPPRESSION_ALLOWED ? "suppression.allow" : "suppression.put",
		row.stream, row.address, kept);
	return answer_target(handle, row.address);
}

enum err handle_suppression_delete(struct handle *handle)
{
	struct str address, note = handle->values.text[PARAM_NOTE];
	enum err err;

	if (!read_target(handle, &address))
		return ERR_OK;
	if (note.n > LIMIT_FIELD_TEXT_BYTES) {
		(void)handle_refuse(handle, PARAM_NOTE, STR("wanted: at most 1024 bytes"));
		return ERR_OK;
	}
	err = entry_remove(handle->store, handle->arena, address, handle->values.text[PARAM_STREAM],
		suppression_who(handle), handle->request->now_us);
	if (!err) {
		handle->note = note;
		handle_changed(handle, "suppression.remove", handle->values.text[PARAM_STREAM],
			address, 1);
	}
	/* One that was removed before is as gone as the client wants it. */
	return err && err != ERR_NOT_FOUND ? err : answer_target(handle, address);
}
