/* suppress/export/job_run.h -- one run of a job: its files, whole or not at all, and its manifest.
 * Knows: that all files of a run are synced under temporary names before the first gets its own, and that the manifest
 * comes last, which says up to which change the run went: the next incremental one begins there. Does not know when a job
 * is due. Not pure: touches the job's folder. One run at a time in a folder. Memory does not grow with the list, but for
 * the names of the files. */
#pragma once
#include "suppress/export/export_job.h"

struct job_run {
	const struct export_job *job;
	uint64_t to_seq; /* of store_suppressions_number */
	int64_t now_us;
	struct str policy_version;
};
struct job_result {
	uint64_t from_seq, to_seq; /* from_seq 0: everything */
	uint64_t rows, left_out;
	size_t files;
};

/* Errors as of exporter_run: whatever fails, the files and the manifest of the run before stand, but for files that were
 * renamed by then, which are whole. */
MUST_CHECK enum err job_run(const struct job_run *run, listing_fn *walk, void *walk_context,
	struct job_result *ret_result);
