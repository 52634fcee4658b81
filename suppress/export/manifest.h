/* suppress/export/manifest.h -- manifest.json of an export folder: which files belong together, and up to which change.
 * Knows: its own text, both ways. Does not know files. Pure. */
#pragma once
#include "suppress/export/listing.h"
#include "suppress/list/format.h"

enum { MANIFEST_NAME_BYTES = 64, MANIFEST_SHA256_BYTES = 65 };

struct manifest_file {
	char name[MANIFEST_NAME_BYTES];
	enum format format;
	enum listing listing;
	uint64_t from_seq, to_seq, rows, bytes;
	char sha256[MANIFEST_SHA256_BYTES]; /* hexadecimal */
};

struct manifest {
	int64_t generated_at_us;
	struct str policy_version;
	uint64_t from_seq, to_seq; /* of the changes since the manifest before; equal: none */
	uint64_t rows;             /* changes */
	struct manifest_file files[2 * FORMAT_COUNT];
	size_t n_files;
};

void manifest_write(const struct manifest *manifest, struct buf *out);
/* The to_seq of a text that manifest_write made. False for any other text. */
bool manifest_read_seq(struct str text, uint64_t *ret_to_seq);
