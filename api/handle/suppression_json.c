#include "api/handle/suppression_json_priv.h"
#include "api/request/json_body.h"
#include "core/timestamp.h"

const struct str *suppression_stream(const struct handle *handle)
{
	return has_param(handle, PARAM_STREAM) ? &handle->values.text[PARAM_STREAM] : NULL;
}

const struct str *suppression_viewer(const struct handle *handle)
{
	return handle->grant.streams.n ? suppression_stream(handle) : NULL;
}

static void set_text(json_t *json, const char *key, struct str text)
{
	json_object_set_new(json, key, json_text(text));
}

/* What a person or an event of another stream wrote is that stream's business. */
static void set_private(json_t *json, const struct store_suppression *row, bool shown)
{
	bool by_hand = str_eq(row->source, STR("manual"));
	char room[UUID_TEXT_BYTES];

	set_text(json, "status", shown ? row->status : STR_EMPTY);
	set_text(json, "diagnostic", shown ? row->diagnostic : STR_EMPTY);
	set_text(json, "note", shown && by_hand ? row->diagnostic : STR_EMPTY);
	set_text(json, "evidence",
		shown && row->has_evidence ? uuid_format(&row->evidence, room) : STR_EMPTY);
	set_text(json, "changed_by", shown ? row->changed_by : STR_EMPTY);
}

json_t *suppression_json(
	const struct handle *handle, const struct store_suppression *row, enum meaning answer)
{
	bool over = meaning_of(row, handle->request->now_us) == MEANING_EXPIRED;
	json_t *json = json_object();

	set_text(json, "address", row->address);
	set_text(json, "stream", row->stream);
	set_text(json, "domain", row->domain);
	set_text(json, "state", suppression_state_name(over ? SUPPRESSION_EXPIRED : row->state));
	set_text(json, "answer", meaning_name(answer));
	set_text(json, "reason", reason_name(row->reason));
	set_text(json, "class", reason_class_name(row->class));
	set_text(json, "source", row->source);
	json_object_set_new(json, "first_seen_at", json_time(row->first_seen_us));
	json_object_set_new(json, "last_seen_at", json_time(row->last_seen_us));
	json_object_set_new(json, "changed_at", json_time(row->changed_at_us));
	json_object_set_new(json, "expires_at", json_time(row->expires_at_us));
	json_object_set_new(json, "count", json_integer((json_int_t)row->count));
	set_private(json, row, meaning_shows(row, suppression_viewer(handle)));
	return json;
}

json_t *suppression_events_json(const struct store_evidence *events, size_t n)
{
	char room[UUID_TEXT_BYTES];
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(
			list, json_pack("{s:o,s:o}", "id",
				      json_text(uuid_format(&events[i].event_id, room)), "seen_at",
				      json_time(events[i].seen_at_us)));
	return list;
}

bool suppression_refuse(struct handle *handle, struct str pointer, const char *wanted)
{
	answer_problem(handle->answer, PROBLEM_INVALID_FIELD, str_c(wanted), "pointer", pointer);
	return false;
}

json_t *suppression_body(struct handle *handle)
{
	struct json_fault fault;
	json_t *json;

	if (!handle->request->body.n)
		return json_object();
	json = json_body_read(handle->arena, handle->request->body, 0, &fault);
	if (!json)
		answer_problem(handle->answer,
			fault.too_large ? PROBLEM_INVALID_FIELD : PROBLEM_MALFORMED_JSON,
			fault.detail, "where", fault.where);
	return json;
}

struct str suppression_who(const struct handle *handle)
{
	struct str scheme, key, prefix;

	if (!str_cut(handle->request->authorization, ' ', &scheme, &key) ||
		!key_prefix(str_trim(key), &prefix))
		return STR("loopback");
	return arena_printf(handle->arena, "key:%.*s", STR_ARG(prefix));
}
