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

struct question {
	struct handle *handle;
	json_t *json; /* the texts are its */
	struct str *texts;
	size_t n;
	bool waits;
};

static void read_question(struct question *question, struct handle *handle)
{
	question->handle = handle;
	question->json = suppression_body(handle);
	question->waits = question->json &&
			  read_addresses(handle, question->json, &question->texts, &question->n);
}

static bool same_stream(const struct handle *a, const struct handle *b)
{
	const struct str *of_a = suppression_stream(a), *of_b = suppression_stream(b);

	return of_a && of_b ? str_eq(*of_a, *of_b) : of_a == of_b;
}

/* The first that waits, and all of its stream that fit beside it, are asked at once. */
static enum err ask_together(struct question *questions, size_t n, size_t first)
{
	struct handle *handle = questions[first].handle;
	struct str *texts = NULL;
	struct check_answer *answers;
	bool *asked = arena_calloc(handle->arena, n, sizeof *asked);
	size_t n_texts = 0, room = 0, at = 0;
	enum err err;

	for (size_t i = first; i < n; i++)
		room += questions[i].n;
	texts = arena_calloc(handle->arena, room, sizeof *texts);
	for (size_t i = first; i < n; i++) {
		if (!questions[i].waits || !same_stream(handle, questions[i].handle) ||
			questions[i].n > LIMIT_SUPPRESSION_ROWS - n_texts)
			continue;
		for (size_t j = 0; j < questions[i].n; j++)
			texts[n_texts++] = questions[i].texts[j];
		asked[i] = true;
		questions[i].waits = false;
	}
	answers = arena_calloc(handle->arena, n_texts, sizeof *answers);
	err = check_run(handle->store, handle->arena, texts, n_texts, suppression_stream(handle),
		handle->request->now_us, answers);
	for (size_t i = first; i < n && !err; i++) {
		if (!asked[i])
			continue;
		write_answers(
			questions[i].handle, questions[i].texts, questions[i].n, &answers[at]);
		at += questions[i].n;
	}
	return err;
}

enum err handle_suppressions_check_joined(struct handle *const *handles, size_t n)
{
	struct question *questions = arena_calloc(handles[0]->arena, n, sizeof *questions);
	enum err err = ERR_OK;

	for (size_t i = 0; i < n; i++)
		read_question(&questions[i], handles[i]);
	for (size_t i = 0; i < n && !err; i++)
		if (questions[i].waits)
			err = ask_together(questions, n, i);
	for (size_t i = 0; i < n; i++)
		json_decref(questions[i].json);
	return err;
}

enum err handle_suppressions_check(struct handle *handle)
{
	return handle_suppressions_check_joined(&handle, 1);
}
