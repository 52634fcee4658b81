/* api/handle/handle_exports.c -- what became of the jobs that write lists. */
#include "api/handle/handle.h"
#include "core/timestamp.h"
#include "store/store_export.h"

static bool add_job(void *context, const struct store_export *job)
{
	json_t *json = json_object();

	json_object_set_new(json, "name", json_text(job->name));
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
	json_array_append_new(context, json);
	return true;
}

enum err handle_exports(struct handle *handle)
{
	json_t *jobs = json_array();
	enum err err;

	if (handle->grant.streams.n) {
		json_decref(jobs);
		answer_problem(handle->answer, PROBLEM_FORBIDDEN,
			STR("the key is bound to streams, these jobs are of all"), NULL, STR_EMPTY);
		return ERR_OK;
	}
	err = store_exports(handle->store, add_job, jobs);
	if (err)
		json_decref(jobs);
	else
		answer_json(handle->answer, 200, json_pack("{s:o}", "exports", jobs));
	return err;
}
