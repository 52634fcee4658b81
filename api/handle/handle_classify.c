/* api/handle/handle_classify.c -- what the rules say of a text, and what they would with one more. */
#include "api/handle/handle.h"
#include "api/request/json_body.h"
#include "core/limits.h"

#include <string.h>

static bool refuse_field(struct handle *handle, const char *pointer, const char *detail)
{
	answer_problem(
		handle->answer, PROBLEM_INVALID_FIELD, str_c(detail), "pointer", str_c(pointer));
	return false;
}

struct field {
	const char *name, *pointer, *detail;
	size_t least, most;
	struct str *value;
};

static bool read_field(struct handle *handle, json_t *json, const struct field *field)
{
	json_t *value = json_object_get(json, field->name);
	size_t n = json_string_length(value);

	*field->value = STR_EMPTY;
	if (!value && !field->least)
		return true;
	if (!json_is_string(value) || n < field->least || n > field->most)
		return refuse_field(handle, field->pointer, field->detail);
	*field->value = str_from(json_string_value(value), n);
	return true;
}

static bool read_asked(struct handle *handle, json_t *json, struct api_text *asked)
{
	const struct field fields[] = {
		{ "text", "/text", "wanted: a text of 1 to 4096 bytes", 1, LIMIT_DIAGNOSTIC_BYTES,
			&asked->text },
		{ "remote_mta", "/remote_mta", "wanted: a name of at most 255 bytes", 0,
			LIMIT_DOMAIN_BYTES, &asked->remote_mta },
		{ "rule", "/rule", "wanted: rules of at most 16384 bytes", 0,
			LIMIT_TRIED_RULES_BYTES, &asked->rules },
	};
	size_t known = 0;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
		known += json_object_get(json, fields[i].name) != NULL;
		if (!read_field(handle, json, &fields[i]))
			return false;
	}
	return (json_is_object(json) && json_object_size(json) == known) ||
	       refuse_field(handle, "", "wanted: an object with text, remote_mta, rule alone");
}

static json_t *lines_json(struct str text)
{
	json_t *lines = json_array();
	struct str line;

	while (str_next_line(&text, &line))
		json_array_append_new(lines, json_stringn(line.p, line.n));
	return lines;
}

static enum err answer_busy(struct handle *handle, enum err err)
{
	answer_problem(handle->answer,
		err == ERR_TIMEOUT ? PROBLEM_TOOK_TOO_LONG : PROBLEM_NO_PARSER,
		STR("try again in a few seconds"), NULL, STR_EMPTY);
	handle->answer->retry_after_s = 2;
	return err;
}

/* *ret_verdict stays NULL where the answer is a problem. */
static enum err judge(struct handle *handle, const struct api_text *asked, json_t **ret_verdict)
{
	const struct service *service = handle->service;
	struct api_verdict verdict = { .event_json = STR_EMPTY };
	json_t *event;
	enum err err = ERR_UNAVAILABLE;

	if (service->classify)
		err = service->classify(service->parse_context, handle->arena, asked, &verdict);
	if (err)
		return answer_busy(handle, err);
	if (verdict.trouble.n) {
		answer_problem(handle->answer, PROBLEM_INVALID_FIELD, verdict.trouble, "pointer",
			STR("/rule"));
		return ERR_OK;
	}
	event = json_loadb(verdict.event_json.p, verdict.event_json.n, 0, NULL);
	if (!event) {
		answer_problem(handle->answer, PROBLEM_TOOK_TOO_LONG,
			STR("no parser survived this question"), NULL, STR_EMPTY);
		return ERR_OK;
	}
	*ret_verdict =
		json_pack("{s:o,s:o}", "event", event, "account", lines_json(verdict.account));
	return ERR_OK;
}

static enum err classify(struct handle *handle, const struct api_text *asked)
{
	struct api_text today = *asked;
	json_t *now = NULL, *then = NULL;
	enum err err;

	today.rules = STR_EMPTY;
	err = judge(handle, &today, &now);
	if (!err && now && asked->rules.n)
		err = judge(handle, asked, &then);
	if (err || !now || (asked->rules.n && !then)) {
		json_decref(now);
		return err;
	}
	json_object_set_new(now, "with_rule", then ? then : json_null());
	answer_json(handle->answer, 200, now);
	return ERR_OK;
}

enum err handle_classify(struct handle *handle)
{
	struct json_fault fault;
	struct api_text asked;
	json_t *json = json_body_read(handle->arena, handle->request->body, 0, &fault);
	enum err err = ERR_OK;

	if (!json) {
		answer_problem(handle->answer,
			fault.too_large ? PROBLEM_INVALID_FIELD : PROBLEM_MALFORMED_JSON,
			fault.detail, "where", fault.where);
		return ERR_OK;
	}
	if (read_asked(handle, json, &asked))
		err = classify(handle, &asked);
	json_decref(json);
	return err;
}
