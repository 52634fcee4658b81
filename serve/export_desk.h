/* serve/export_desk.h -- the jobs of export.jobs, as the acting scheduler works them off.
 * Knows: when each is due, and what the database shows of it. Does not know how files come about (suppress/export). */
#pragma once
#include "core/config.h"
#include "store/store.h"
#include "suppress/export/export_job.h"

struct export_desk;

/* The jobs of a configuration that was checked. `policy_version` must live as long. NULL: there are none. */
struct export_desk *export_desk_new(const struct config *config, struct str policy_version);
void export_desk_free(struct export_desk *desk);
/* Somebody else may have run jobs in the meantime. */
void export_desk_forget(struct export_desk *desk);
/* Runs what is due; the milliseconds until the next one is. */
int64_t export_desk_run(struct export_desk *desk, struct store *store, int64_t now_us);
