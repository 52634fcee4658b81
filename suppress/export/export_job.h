/* suppress/export/export_job.h -- one list that somebody is sent again and again: which, as what, where to and when.
 * Knows: the text of export.jobs, and names of files. Does not know how files come about (job_run). Pure.
 * Jobs stand behind each other, a `;` between them: a name, then options, with spaces between them, `key=value` or
 * `key="with spaces"`. */
#pragma once
#include "core/arena.h"
#include "suppress/export/job_command.h"
#include "suppress/export/schedule.h"
#include "suppress/export/selection.h"
#include "suppress/list/format.h"

enum { EXPORT_JOBS = 64, EXPORT_PATH_BYTES = 1024 };

struct export_job {
	struct str name;
	enum format format;
	bool incremental;
	struct str path; /* absolute, with places in braces */
	struct schedule schedule;
	struct selection selection;
	uint64_t rows; /* most of a file; 0: the format's */
	struct job_command command;
};

/* *ret_trouble (in `arena`) names the job and the cure. Texts borrow from `text` and `arena`. */
MUST_CHECK enum err export_jobs_read(struct arena *arena, struct str text,
	struct export_job ret_jobs[static EXPORT_JOBS], size_t *ret_n, struct str *ret_trouble);

/* What is filled in. */
struct export_place {
	uint64_t from_seq, to_seq;
	enum pick pick;
	unsigned part; /* from 1; behind the first, "-2" and so on stands before the ending */
};
/* Name of a file within the job's folder; empty: too long. */
struct str export_job_file(
	const struct export_job *job, const struct export_place *place, struct arena *arena);
/* The folder; "/srv/lists" of "/srv/lists/{to}.csv". */
struct str export_job_folder(const struct export_job *job);
/* "NAME.manifest.json". */
struct str export_job_manifest(const struct export_job *job, struct arena *arena);
/* All that decides what is in its files, in a line: one that changed begins anew. */
struct str export_job_definition(const struct export_job *job, struct arena *arena);
