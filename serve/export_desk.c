#include "serve/export_desk.h"

#include "core/log.h"
#include "serve/deliver_desk.h"
#include "store/store_export.h"
#include "store/store_suppress.h"
#include "suppress/export/job_run.h"

#include <stdlib.h>

enum { DESK_RETRY_S = 60, DESK_WAIT_MS = 60 * 1000 };

struct export_desk {
	struct arena *arena;
	struct export_job jobs[EXPORT_JOBS];
	int64_t next_us[EXPORT_JOBS]; /* TIMESTAMP_NONE: not known yet */
	size_t n;
	struct str policy_version;
	bool planned;
};

struct export_desk *export_desk_new(const struct config *config, struct str policy_version)
{
	struct export_desk *desk = calloc(1, sizeof *desk);
	struct str trouble;

	if (!desk)
		abort();
	desk->arena = arena_new();
	desk->policy_version = policy_version;
	if (export_jobs_read(desk->arena, config_str(config, CONFIG_EXPORT_JOBS), desk->jobs,
		    &desk->n, &trouble))
		desk->n = 0;
	return desk;
}

void export_desk_free(struct export_desk *desk)
{
	if (!desk)
		return;
	arena_free(desk->arena);
	free(desk);
}

/* ---- when ---- */

static bool take_last_run(void *context, const struct store_export *row)
{
	struct export_desk *desk = context;

	for (size_t i = 0; i < desk->n; i++)
		if (str_eq(desk->jobs[i].name, row->name) && row->completed_us != TIMESTAMP_NONE)
			desk->next_us[i] =
				schedule_next(&desk->jobs[i].schedule, row->completed_us);
	return true;
}

/* A job goes on where it was: a restart neither repeats a run nor leaves one out. One that never ran does at once, if it
 * goes by an interval. */
static enum err plan(struct export_desk *desk, struct store *store, int64_t now_us)
{
	struct str names[EXPORT_JOBS];
	enum err err;

	for (size_t i = 0; i < desk->n; i++) {
		names[i] = desk->jobs[i].name;
		desk->next_us[i] = desk->jobs[i].schedule.every_us
					   ? now_us
					   : schedule_next(&desk->jobs[i].schedule, now_us);
	}
	err = store_exports(store, take_last_run, desk);
	if (!err)
		err = store_export_forget(store, names, desk->n);
	for (size_t i = 0; i < desk->n && !err; i++)
		err = store_export_plan(store,
			&(struct store_export){ .name = desk->jobs[i].name,
				.definition = export_job_definition(&desk->jobs[i], desk->arena),
				.path = desk->jobs[i].path,
				.next_us = desk->next_us[i] });
	desk->planned = !err;
	return err;
}

/* ---- runs ---- */

static enum err run_job(struct export_desk *desk, struct store *store, size_t i, int64_t now_us,
	struct job_result *result)
{
	struct job_run run = {
		.job = &desk->jobs[i], .now_us = now_us, .policy_version = desk->policy_version
	};
	enum err err = deliver_desk_note(run.job, store, now_us);

	if (!err)
		err = store_suppressions_number(store, &run.to_seq);
	if (!err)
		err = job_run(&run, listing_walk, store, result);
	return err ? err : deliver_desk_note(run.job, store, now_us);
}

static void run_one(struct export_desk *desk, struct store *store, size_t i, int64_t now_us)
{
	const struct export_job *job = &desk->jobs[i];
	int64_t regular_us = schedule_next(&job->schedule, now_us);
	int64_t retry_us = now_us + DESK_RETRY_S * TIMESTAMP_SECOND_US;
	struct store_export row = { .name = job->name, .started_us = now_us };
	struct job_result result = { 0 };
	enum err err = run_job(desk, store, i, now_us, &result);

	desk->next_us[i] = err && retry_us < regular_us ? retry_us : regular_us;
	row.next_us = desk->next_us[i];
	row.error = err ? str_c(err_text(err)) : STR_EMPTY;
	row.from_seq = result.from_seq;
	row.to_seq = result.to_seq;
	row.rows = result.rows;
	row.left_out = result.left_out;
	row.files = result.files;
	if (err)
		log_event(LOG_WARN, "export_job_failed", LOG_STR("job", job->name), LOG_ERR(err),
			LOG_STR("path", job->path), LOG_STR("reason", store_error(store)));
	else
		log_event(LOG_INFO, "export_job_done", LOG_STR("job", job->name),
			LOG_U64("rows", result.rows), LOG_U64("files", result.files),
			LOG_U64("left_out", result.left_out), LOG_U64("from_seq", result.from_seq),
			LOG_U64("to_seq", result.to_seq));
	err = store_export_ran(store, &row, now_us);
	if (err)
		log_event(
			LOG_WARN, "export_job_not_noted", LOG_STR("job", job->name), LOG_ERR(err));
}

void export_desk_forget(struct export_desk *desk)
{
	desk->planned = false;
}

int64_t export_desk_run(struct export_desk *desk, struct store *store, int64_t now_us)
{
	int64_t wait_ms = DESK_WAIT_MS;
	enum err err = desk->planned ? ERR_OK : plan(desk, store, now_us);

	if (err) {
		log_event(LOG_WARN, "export_jobs_not_planned", LOG_ERR(err),
			LOG_STR("reason", store_error(store)));
		return DESK_WAIT_MS;
	}
	for (size_t i = 0; i < desk->n; i++) {
		int64_t left_ms;

		if (desk->next_us[i] <= now_us)
			run_one(desk, store, i, now_us);
		left_ms = (desk->next_us[i] - now_us) / 1000 + 1;
		wait_ms = left_ms < wait_ms ? left_ms : wait_ms;
	}
	return wait_ms;
}
