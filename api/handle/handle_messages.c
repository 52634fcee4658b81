/* api/handle/handle_messages.c -- messages as bytes: taken in, looked at, given back. */
#include "api/handle/handle.h"
#include "core/limits.h"
#include "core/log.h"
#include "store/overview.h"

#include <inttypes.h>
#include <string.h>

static enum err answer_simple(struct handle *handle, enum problem problem, const char *detail)
{
	answer_problem(handle->answer, problem, str_c(detail), NULL, STR_EMPTY);
	return ERR_OK;
}

/* ---- in ---- */

/* What would end a line of an envelope is in no path, RFC 5321 4.1.2. */
static bool check_recipient(struct handle *handle, struct str recipient)
{
	if (recipient.n > LIMIT_PATH_BYTES)
		return handle_refuse(handle, PARAM_RECIPIENT, STR("at most 256 bytes"));
	for (size_t i = 0; i < recipient.n; i++)
		if ((unsigned char)recipient.p[i] <= ' ' || recipient.p[i] == 127)
			return handle_refuse(handle, PARAM_RECIPIENT,
				STR("an address without spaces and control characters"));
	return true;
}

static enum err answer_accepted(
	struct handle *handle, const struct envelope *envelope, uint64_t sequence)
{
	char room[UUID_TEXT_BYTES];
	struct str spool_id =
		arena_printf(handle->arena, "%016" PRIx64, spool_writer_id(handle->service->spool));
	struct uuid id = store_id(envelope->received_at_us, spool_id, sequence, 0);
	json_t *json = json_object();

	log_event(LOG_INFO, "message_stored", LOG_STR("id", envelope->session_id),
		LOG_U64("sequence", sequence), LOG_U64("bytes", handle->request->body.n),
		LOG_U64("recipients", envelope->n_forward_paths),
		LOG_STR("stream", envelope->stream));
	json_object_set_new(json, "spool_id", json_text(spool_id));
	json_object_set_new(json, "sequence", json_integer((json_int_t)sequence));
	json_object_set_new(json, "message_id", json_text(uuid_format(&id, room)));
	answer_json(handle->answer, 202, json);
	return ERR_OK;
}

/* The client tries again, so the spool's state is one answer to it and a line of the log to us. */
static enum err answer_refused(struct handle *handle, enum err err)
{
	if (err == ERR_LIMIT)
		return answer_simple(
			handle, PROBLEM_TOO_LARGE, "a spool file is smaller than this message");
	(void)answer_simple(handle, PROBLEM_NOT_TAKEN,
		err == ERR_NO_SPACE ? "the spool is full" : "the spool does not write");
	handle->answer->retry_after_s = 10;
	return err;
}

enum err handle_messages(struct handle *handle)
{
	const struct api_request *request = handle->request;
	struct str recipient = handle->values.text[PARAM_RECIPIENT];
	char id[LOG_ID_BYTES + 1];
	struct envelope envelope = { .source = SOURCE_HTTP,
		.received_at_us = request->now_us,
		.session_id = { id, LOG_ID_BYTES },
		.peer = request->peer,
		.helo = STR_EMPTY,
		.reverse_path = STR_EMPTY,
		.envelope_id = STR_EMPTY,
		.forward_paths = &recipient,
		.n_forward_paths = recipient.n ? 1 : 0,
		.stream = STR(STORE_DEFAULT_STREAM) };
	uint64_t sequence;
	enum err err;

	if (has_param(handle, PARAM_STREAM))
		envelope.stream = handle->values.text[PARAM_STREAM];
	if (!check_recipient(handle, recipient))
		return ERR_OK;
	if (envelope.stream.n > 128) {
		handle_refuse(handle, PARAM_STREAM, STR("at most 128 bytes"));
		return ERR_OK;
	}
	if (!request->body.n)
		return answer_simple(handle, PROBLEM_EMPTY_BODY, "send a message");
	if (!handle->service->spool)
		return answer_simple(handle, PROBLEM_NOT_TAKEN, "this server has no spool");
	log_id_make(id);
	err = spool_append(handle->service->spool, &envelope, request->body, &sequence);
	return err ? answer_refused(handle, err) : answer_accepted(handle, &envelope, sequence);
}

/* ---- looked at ---- */

enum err handle_parse(struct handle *handle)
{
	const struct service *service = handle->service;
	enum err err = ERR_UNAVAILABLE;
	struct str json;

	if (!handle->request->body.n)
		return answer_simple(handle, PROBLEM_EMPTY_BODY, "send a message");
	if (service->parse)
		err = service->parse(
			service->parse_context, handle->arena, handle->request->body, &json);
	if (!err) {
		answer_bytes(handle->answer, 200, "application/json", json);
		return ERR_OK;
	}
	(void)answer_simple(handle, err == ERR_TIMEOUT ? PROBLEM_TOOK_TOO_LONG : PROBLEM_NO_PARSER,
		"try again in a few seconds");
	handle->answer->retry_after_s = 2;
	return err;
}

/* ---- given back ---- */

enum err handle_message_raw(struct handle *handle)
{
	struct answer *answer = handle->answer;
	char room[UUID_TEXT_BYTES];
	enum err err = ERR_NOT_FOUND;
	struct str stream, raw, name;
	struct uuid id;

	if (uuid_parse(handle->segment, &id))
		err = store_message_raw(handle->store, handle->arena, &id, &stream, &raw);
	if (err == ERR_NOT_FOUND || (!err && !handle_may_use(handle, stream)))
		return answer_simple(handle, PROBLEM_NOT_FOUND,
			"no message has this id, or its bytes are not kept");
	if (err)
		return err;
	answer_bytes(answer, 200, "message/rfc822", raw);
	name = arena_printf(handle->arena, "%.*s.eml", STR_ARG(uuid_format(&id, room)));
	memcpy(answer->attachment, name.p, name.n);
	return ERR_OK;
}
