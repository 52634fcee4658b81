/* serve/deliver_desk.h -- the files of export jobs on their way to the jobs' commands, as the acting scheduler hands them out.
 * Knows: the rows of deliveries, the socket of the deliver role, when a command is run again. Does not know how it runs.
 * One command of a job at a time, files in the order in which they were made. What was not confirmed, for whatever
 * reason, is delivered again: at least once. */
#pragma once
#include "core/config.h"
#include "store/store.h"
#include "suppress/export/export_job.h"

/* Has a job of this configuration a command? */
bool deliver_desk_wanted(const struct config *config);

struct deliver_desk;
/* Of a configuration that was checked. */
struct deliver_desk *deliver_desk_new(const struct config *config);
void deliver_desk_free(struct deliver_desk *desk);
/* Takes up the files that the manifest of a job tells of. Stands before and behind each run: a run replaces the manifest. */
MUST_CHECK enum err deliver_desk_note(
	const struct export_job *job, struct store *store, int64_t now_us);
/* Forgets what is to be delivered of jobs that have no command any more. */
MUST_CHECK enum err deliver_desk_plan(struct deliver_desk *desk, struct store *store);
/* Hears how commands ended and hands out what is due; the milliseconds until it wants to be called again. */
int64_t deliver_desk_run(struct deliver_desk *desk, struct store *store, int64_t now_us);
/* Another scheduler acts from now on: what runs is ended. */
void deliver_desk_drop(struct deliver_desk *desk);
