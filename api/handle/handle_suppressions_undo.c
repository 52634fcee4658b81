/* api/handle/handle_suppressions_undo.c -- what came against addresses in a window, taken back. */
#include "api/handle/suppression_json_priv.h"
#include "core/limits.h"
#include "core/timestamp.h"
#include "store/store_amend.h"

/* A text of the body, empty where it is not there. */
static bool read_text(struct handle *handle, json_t *json, const char *name, struct str *ret_text)
{
	json_t *value = json_object_get(json, name);

	*ret_text = STR_EMPTY;
	if (!value)
		return true;
	if (!json_is_string(value) || json_string_length(value) > LIMIT_DOMAIN_BYTES)
		return suppression_refuse(handle, arena_printf(handle->arena, "/%s", name),
			"wanted: a text of at most 255 bytes");
	*ret_text = str_from(json_string_value(value), json_string_length(value));
	return true;
}

static bool read_moment(struct handle *handle, json_t *json, const char *name, int64_t *ret_at_us)
{
	struct str text;

	if (!read_text(handle, json, name, &text))
		return false;
	if ((!text.n && *ret_at_us != TIMESTAMP_NONE) || timestamp_parse(text, ret_at_us))
		return true;
	return suppression_refuse(handle, arena_printf(handle->arena, "/%s", name),
		"wanted: a date-time of RFC 3339");
}

static bool only_known(struct handle *handle, json_t *json)
{
	static const char *const names[] = { "from", "to", "provider", "rule", "reason",
		"dry_run" };
	size_t known = 0;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		known += json_object_get(json, names[i]) != NULL;
	return (json_is_object(json) && json_object_size(json) == known) ||
	       suppression_refuse(handle, STR_EMPTY,
		       "wanted: an object with from, to, provider, rule, reason, dry_run alone");
}

static bool read_undo(struct handle *handle, json_t *json, struct store_undo *undo)
{
	json_t *dry_run = json_object_get(json, "dry_run");

	if (!only_known(handle, json) || !read_moment(handle, json, "from", &undo->from_us) ||
		!read_moment(handle, json, "to", &undo->to_us) ||
		!read_text(handle, json, "provider", &undo->provider) ||
		!read_text(handle, json, "rule", &undo->rule) ||
		!read_text(handle, json, "reason", &undo->reason))
		return false;
	if (dry_run && !json_is_boolean(dry_run))
		return suppression_refuse(handle, STR("/dry_run"), "wanted: true or false");
	undo->dry_run = !dry_run || json_is_true(dry_run);
	return true;
}

static enum err answer_undo(struct handle *handle, const struct store_undo *undo)
{
	struct store_amended amended;
	enum err err = store_undo(
		handle->store, handle->service->judge, undo, handle->request->now_us, &amended);

	if (!err && !undo->dry_run)
		handle_changed(handle, "suppression.undo",
			undo->provider.n ? undo->provider : undo->stream, STR_EMPTY,
			amended.lifted);
	if (!err)
		answer_json(handle->answer, 200,
			json_pack("{s:b,s:I,s:I,s:I,s:I}", "dry_run", undo->dry_run, "events",
				(json_int_t)amended.events, "entries", (json_int_t)amended.entries,
				"lifted", (json_int_t)amended.lifted, "suppressed",
				(json_int_t)amended.suppressed));
	return err;
}

enum err handle_suppressions_undo(struct handle *handle)
{
	struct store_undo undo = { .from_us = TIMESTAMP_NONE,
		.to_us = handle->request->now_us,
		.stream = handle->values.text[PARAM_STREAM] };
	json_t *json = suppression_body(handle);
	enum err err = ERR_OK;

	if (!json)
		return ERR_OK;
	if (!handle->service->judge)
		answer_problem(handle->answer, PROBLEM_UNAVAILABLE,
			STR("nobody here judges entries anew"), NULL, STR_EMPTY);
	else if (read_undo(handle, json, &undo))
		err = answer_undo(handle, &undo);
	json_decref(json);
	return err;
}
