/* api/handle/handle_suppressions_check.c -- many addresses asked at once. */
#include "api/handle/suppression_json_priv.h"
#include "core/limits.h"

/* A text that is no address has an answer of its own; a value that is no text has no place in the list. */
static bool read_addresses(
	struct handle *handle, json_t *json, struct str **ret_texts, size_t *ret_n)
{
	json_t *list = json_object_get(json, "addresses"), *item;
	struct str *texts;
	size_t i;

	if (!json_is_object(json) || !json_is_array(list) || json_object_size(json) != 1)
		return suppression_refuse(
			handle, STR_EMPTY, "wanted: an object with an array \"addresses\" alone");
	if (json_array_size(list) > LIMIT_SUPPRESSION_ROWS)
		return suppression_refuse(handle, STR("/addresses"), "wanted: at most 10000");
	texts = arena_calloc(handle->arena, json_array_size(list), sizeof *texts);
	json_array_foreach(list, i, item)
	{
		if (!json_is_string(item))
			return suppression_refuse(handle,
				arena_printf(handle->arena, "/addresses/%zu", i), "wanted: a text");
		texts[i] = str_from(json_string_value(item), json_string_length(item));
	}
	*ret_texts = texts;
	*ret_n = json_array_size(list);
	return true;
}

static json_t *answer_json_of(
	const struct handle *handle, struct str text, size_t i, const struct check_answer *answer)
{
	json_t *json = json_pack("{s:o,s:I,s:s}", "address", json_text(text), "at", (json_int_t)i,
		"answer", answer->address.n ? meaning_name(answer->meaning).p : "invalid");
	const struct store_suppression *entry = answer->entry;
	bool shown;

	if (!entry)
		return json;
	shown = meaning_shows(entry, suppression_viewer(handle));
	json_object_set_new(json, "entry", json_text(entry->address));
	json_object_set_new(json, "stream", json_text(entry->stream));
	json_object_set_new(json, "source", json_text(entry->source));
	json_object_set_new(json, "reason", json_text(reason_name(entry->reason)));
	json_object_set_new(json, "since", json_time(entry->first_seen_us));
	json_object_set_new(json, "expires_at", json_time(entry->expires_at_us));
	json_object_set_new(json, "events",
		suppression_events_json(answer->events, shown ? answer->n_events : 0));
	return json;
}

/* Who is clear is not named: of ten thousand, most are. */
static void write_answers(struct handle *handle, const struct str *texts, size_t n,
	const struct check_answer *answers)
{
	json_t *suppressed = json_array(), *others = json_array();

	for (size_t i = 0; i < n; i++) {
		const struct check_answer *answer = &answers[i];

		if (answer->meaning == MEANING_SUPPRESSED)
			json_array_append_new(suppressed,
				suppression_json(handle, answer->entry, answer->meaning));
		if (answer->meaning != MEANING_CLEAR || !answer->address.n)
			json_array_append_new(others, answer_json_of(handle, texts[i], i, answer));
	}
	answer_json(handle->answer, 200,
		json_pack("{s:I,s:o,s:o}", "checked", (json_int_t)n, "suppressed", suppressed,
			"answers", others));
}

enum err handle_suppressions_check(struct handle *handle)
{
	json_t *json = suppression_body(handle);
	struct check_answer *answers;
	enum err err = ERR_OK;
	struct str *texts;
	size_t n;

	if (!json)
		return ERR_OK;
	if (read_addresses(handle, json, &texts, &n)) {
		answers = arena_calloc(handle->arena, n, sizeof *answers);
		err = check_run(handle->store, handle->arena, texts, n, suppression_stream(handle),
			handle->request->now_us, answers);
		if (!err)
			write_answers(handle, texts, n, answers);
	}
	json_decref(json);
	return err;
}
