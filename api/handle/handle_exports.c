/* api/handle/handle_exports.c -- what became of the jobs that write lists. */
#include "api/handle/export_state_priv.h"
#include "api/handle/handle.h"

static const char *const state_names[] = { [EXPORT_WAITING] = "waiting",
	[EXPORT_GOOD] = "good",
	[EXPORT_LATE] = "late",
	[EXPORT_FAILED] = "failed" };

struct jobs {
	int64_t now_us;
	json_t *json;
};

/* Of a clock that was set back since: no age below none. */
static json_t *age_json(const struct store_export *job, int64_t now_us)
{
	int64_t age_us = now_us - job->completed_us;

	if (job->completed_us == TIMESTAMP_NONE)
		return json_null();
	return json_integer(age_us > 0 ? age_us / TIMESTAMP_SECOND_US : 0);
}

static const char *delivery_state(const struct store_export *job)
{
	if (job->delivery_failures)
		return "failed";
	return job->to_deliver ? "waiting" : "good";
}

/* Null: it never had anything to do with a command. */
static json_t *delivery_json(const struct store_export *job)
{
	if (!job->to_deliver && job->delivered_us == TIMESTAMP_NONE)
		return json_null();
	return json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:I}", "state", delivery_state(job),
		"waiting", (json_int_t)job->to_deliver, "failures",
		(json_int_t)job->delivery_failures, "status", json_text(job->delivery_status),
		"next_at", json_time(job->delivery_next_us), "delivered_at",
		json_time(job->delivered_us), "to_seq", (json_int_t)job->delivered_seq);
}

static bool add_job(void *context, const struct store_export *job)
{
	const struct jobs *jobs = context;
	json_t *json = json_object();

	json_object_set_new(json, "name", json_text(job->name));
	json_object_set_new(
		json, "state", json_string(state_names[export_state(job, jobs->now_us)]));
	json_object_set_new(json, "age_s", age_json(job, jobs->now_us));
	json_object_set_new(json, "definition", json_text(job->definition));
	json_object_set_new(json, "path", json_text(job->path));
	json_object_set_new(json, "next_at", json_time(job->next_us));
	json_object_set_new(json, "completed_at", json_time(job->completed_us));
	json_object_set_new(json, "from_seq", json_integer((json_int_t)job->from_seq));
	json_object_set_new(json, "to_seq", json_integer((json_int_t)job->to_seq));
	json_object_set_new(json, "rows", json_integer((json_int_t)job->rows));
	json_object_set_new(json, "left_out", json_integer((json_int_t)job->left_out));
	json_object_set_new(json, "files", json_integer((json_int_t)job->files));
	json_object_set_new(json, "failures", json_integer((json_int_t)job->failures));
	json_object_set_new(json, "failed_at", json_time(job->failed_us));
	json_object_set_new(json, "error", json_text(job->error));
	json_object_set_new(json, "delivery", delivery_json(job));
	json_array_append_new(jobs->json, json);
	return true;
}

enum err handle_exports(struct handle *handle)
{
	struct jobs jobs = { handle->request->now_us, json_array() };
	enum err err;

	if (handle->grant.streams.n) {
		json_decref(jobs.json);
		answer_problem(handle->answer, PROBLEM_FORBIDDEN,
			STR("the key is bound to streams, these jobs are of all"), NULL, STR_EMPTY);
		return ERR_OK;
	}
	err = store_exports(handle->store, add_job, &jobs);
	if (err)
		json_decref(jobs.json);
	else
		answer_json(handle->answer, 200, json_pack("{s:o}", "exports", jobs.json));
	return err;
}
