// links: suppress/export suppress/list store
/* tests/power/power_export.c -- one export into a folder, of a list that no database gives: what a power cut is tried with.
 * usage: power_export FOLDER TO_SEQ
 * The list at TO_SEQ has as many addresses; every third of them went again. Three formats, full and changes, then a job of parts. */
#include "suppress/export/exporter.h"
#include "suppress/export/job_run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define NOW ((int64_t)1795000000 * TIMESTAMP_SECOND_US)

static enum err walk(void *context, enum listing listing, uint64_t from_seq, uint64_t to_seq,
	store_suppression_fn *fn, void *fn_context)
{
	(void)context;
	for (uint64_t seq = listing == LISTING_CHANGES ? from_seq + 1 : 1; seq <= to_seq; seq++) {
		char address[64];
		int n = snprintf(address, sizeof address, "a%" PRIu64 ".%" PRIu64 "@example.com",
			seq, to_seq);
		struct store_suppression row = {
			.address = str_from(address, (size_t)n),
			.domain = STR("example.com"),
			.source = STR("bounce"),
			.state = SUPPRESSION_ACTIVE,
			.class = CLASS_HARD,
			.first_seen_us = NOW,
			.last_seen_us = NOW,
			.count = 1,
			.seq = seq,
		};

		if (!fn(fn_context, &row))
			break;
	}
	return ERR_OK;
}

static enum err run_job(struct arena *arena, const char *folder, uint64_t to_seq)
{
	static struct export_job jobs[EXPORT_JOBS];
	struct str trouble,
		text = arena_printf(arena,
			"parts format=ndjson path=%s/parts.ndjson every=3600 rows=40", folder);
	struct job_result result;
	size_t n;
	enum err err = export_jobs_read(arena, text, jobs, &n, &trouble);

	if (err) {
		fprintf(stderr, "power_export: %.*s\n", STR_ARG(trouble));
		return err;
	}
	return job_run(&(struct job_run){ jobs, to_seq, NOW, STR("1") }, walk, NULL, &result);
}

int main(int argc, char **argv)
{
	struct arena *arena = arena_new();
	struct export_result result;
	struct export_options options = { .formats = { FORMAT_CSV, FORMAT_NDJSON, FORMAT_PLAIN },
		.n_formats = 3,
		.now_us = NOW,
		.keep_us = INT64_MAX / 4,
		.policy_version = STR("1") };
	enum err err = ERR_SYNTAX;

	if (argc == 3 && str_to_u64(str_c(argv[2]), 1 << 20, &options.to_seq)) {
		options.dir = argv[1];
		err = exporter_run(&options, walk, NULL, &result);
	}
	if (!err)
		err = run_job(arena, argv[1], options.to_seq);
	if (err)
		fprintf(stderr, "power_export: %s\n", err_text(err));
	else if (puts("exported") == EOF || fflush(stdout))
		err = ERR_IO;
	arena_free(arena);
	return err != ERR_OK;
}
