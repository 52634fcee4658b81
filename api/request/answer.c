#include "api/request/answer.h"

#include "core/limits.h"
#include "core/sink.h"
#include "core/timestamp.h"
#include "core/utf8.h"

/* A page of LIMIT_PAGE_ROWS events with every text at its limit fits. */
#define ANSWER_BYTES ((size_t)64 << 20)
#define LINK_BYTES   ((size_t)LIMIT_HTTP_HEADER_BYTES + 4096)

static const struct {
	unsigned status;
	const char *type, *title;
} problems[PROBLEM_COUNT] = {
#define PROBLEM(id, status, type, title)                                                           \
	[PROBLEM_##id] = { status, "urn:bounced:problem:" type, title },
#include "api/request/problems.def"
};

void answer_init(struct answer *answer)
{
	*answer = (struct answer){
		.body = BUF_INIT(ANSWER_BYTES), .link = BUF_INIT(LINK_BYTES), .route = -1
	};
}

void answer_reset(struct answer *answer)
{
	struct buf body = answer->body, link = answer->link;

	buf_reset(&body);
	buf_reset(&link);
	*answer = (struct answer){ .body = body, .link = link, .route = -1 };
}

void answer_release(struct answer *answer)
{
	buf_release(&answer->body);
	buf_release(&answer->link);
}

static int put_bytes(const char *bytes, size_t n, void *context)
{
	struct buf *out = context;

	sink_put(out, SINK_JSON, str_from(bytes, n));
	return out->failed ? -1 : 0;
}

void answer_json(struct answer *answer, unsigned status, json_t *take_json)
{
	answer_reset(answer);
	answer->status = status;
	answer->content_type = "application/json";
	if (json_dump_callback(
		    take_json, put_bytes, &answer->body, JSON_COMPACT | JSON_REAL_PRECISION(6)))
		answer->body.failed = true;
	buf_putc(&answer->body, '\n');
	json_decref(take_json);
	if (buf_check(&answer->body))
		answer_problem(
			answer, PROBLEM_INTERNAL, STR("the answer is too large"), NULL, STR_EMPTY);
}

void answer_bytes(
	struct answer *answer, unsigned status, const char *content_type, struct str bytes)
{
	answer_reset(answer);
	answer->status = status;
	answer->content_type = content_type;
	buf_put(&answer->body, bytes);
	if (buf_check(&answer->body))
		answer_problem(
			answer, PROBLEM_INTERNAL, STR("the answer is too large"), NULL, STR_EMPTY);
}

void answer_problem(struct answer *answer, enum problem problem, struct str detail,
	const char *where_key, struct str where)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	json_t *json = json_object();

	json_object_set_new(json, "type", json_string(problems[problem].type));
	json_object_set_new(json, "title", json_string(problems[problem].title));
	json_object_set_new(json, "status", json_integer(problems[problem].status));
	json_object_set_new(json, "detail", json_text(utf8_clean(arena, detail)));
	where = utf8_clean(arena, where);
	/* The empty pointer is the whole body, RFC 6901 5. */
	if (where_key)
		json_object_set_new(json, where_key, json_stringn(where.p, where.n));
	answer_json(answer, problems[problem].status, json);
	answer->content_type = "application/problem+json";
}

json_t *json_text(struct str s)
{
	json_t *json = s.n ? json_stringn(s.p, s.n) : NULL;

	return json ? json : json_null();
}

json_t *json_time(int64_t at_us)
{
	char room[TIMESTAMP_TEXT_BYTES];

	return at_us == TIMESTAMP_NONE ? json_null() : json_text(timestamp_format(at_us, room));
}
