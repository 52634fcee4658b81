/* suppress/export/exporter.h -- the suppression list as files in a folder, for senders to load.
 * Knows: which files, and that each is there whole or not at all: written under a temporary name in the same
 * folder, synced, renamed; manifest.json last. Does not know where rows come from, or when it is time.
 * Not pure: touches the folder. One at a time may write to a folder. Memory does not grow with the list.
 *
 * suppressions.FORMAT is the whole list; suppressions.FROM-TO.FORMAT what changed since the manifest that
 * stood in the folder before, removals too. Nothing changed: no such file, but a new manifest. */
#pragma once
#include "core/err.h"
#include "suppress/export/listing.h"
#include "suppress/list/format.h"

struct export_options {
	const char *dir; /* made if it is not there; the folder above must be */
	enum format formats[FORMAT_COUNT];
	size_t n_formats;
	uint64_t to_seq; /* of store_suppressions_number */
	int64_t now_us;
	int64_t keep_us;           /* changes written longer ago are deleted */
	struct str policy_version; /* for the manifest */
};

struct export_result {
	uint64_t from_seq, to_seq; /* of the changes; equal: none, or no manifest to start from */
	size_t rows, changes;
};

/* ERR_IO, ERR_NO_SPACE, ERR_DENIED, ERR_NOT_FOUND: the folder; the files that were there still are, but those of
 * this run that were renamed before. Others: of `walk`. */
MUST_CHECK enum err exporter_run(const struct export_options *options, listing_fn *walk,
	void *walk_context, struct export_result *ret_result);
