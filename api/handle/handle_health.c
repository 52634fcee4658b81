#include "api/handle/export_state_priv.h"
#include "api/handle/handle.h"
#include "spool/backlog.h"

static enum err answer_status(struct handle *handle, const char *status)
{
	json_t *json = json_object();

	json_object_set_new(json, "status", json_string(status));
	answer_json(handle->answer, 200, json);
	return ERR_OK;
}

enum err handle_healthz(struct handle *handle)
{
	return answer_status(handle, "ok");
}

/* The first job that is not as it should be. */
struct late {
	struct arena *arena;
	int64_t now_us;
	struct str job;
	const char *why;
};

static bool find_late(void *context, const struct store_export *job)
{
	struct late *late = context;

	switch (export_state(job, late->now_us)) {
	case EXPORT_FAILED:
		late->why = job->failures ? "its last run failed" : "its command failed";
		break;
	case EXPORT_LATE:
		late->why = "it did not run when it was due";
		break;
	default:
		return true;
	}
	late->job = arena_dup(late->arena, job->name);
	return false;
}

/* A lane of this node whose mail the database cannot take: its name, or NULL. */
static const char *stuck_lane(const struct service *service)
{
	struct spool_backlog lane;

	for (size_t i = 0; i < service->n_lanes; i++)
		if (!spool_backlog(service->lanes[i].folder, &lane) && lane.stuck)
			return service->lanes[i].name;
	return NULL;
}

enum err handle_readyz(struct handle *handle)
{
	struct late late = { .arena = handle->arena, .now_us = handle->request->now_us };
	const char *stuck = stuck_lane(handle->service);
	enum err err = store_ready(handle->store);

	if (!err && has_param(handle, PARAM_EXPORTS) && handle->values.number[PARAM_EXPORTS] == 1)
		err = store_exports(handle->store, find_late, &late);
	if (err)
		return err;
	if (stuck) {
		answer_problem(handle->answer, PROBLEM_NOT_STORED,
			arena_printf(handle->arena,
				"the lane %s waits: see batch_not_stored in the log", stuck),
			NULL, STR_EMPTY);
		return ERR_OK;
	}
	if (!late.job.n)
		return answer_status(handle, "ready");
	answer_problem(handle->answer, PROBLEM_EXPORT_LATE,
		arena_printf(handle->arena, "%.*s: %s", STR_ARG(late.job), late.why), NULL,
		STR_EMPTY);
	return ERR_OK;
}
