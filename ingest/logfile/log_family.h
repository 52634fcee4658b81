/* ingest/logfile/log_family.h -- the files that a log has been, and is, written to.
 * Knows: how rotation names files: PATH itself; PATH.1, PATH.2.gz; PATH-20261129, PATH-20261129.zst, PATH.2026-11-29; of a
 * folder every file in it. Does not know what is in them. Not pure: reads a folder. At most LIMIT_LOG_FILES of them: the
 * youngest. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "ingest/logfile/log_file.h"

struct log_member {
	struct str path; /* with a NUL behind it */
	struct log_file_id id;
	int64_t changed_us;
	uint64_t size;
};

/* Those that were changed at or after since_us, by the time of their last change, of equals by name downwards (PATH.2 before
 * PATH.1 before PATH); the path itself last. None: an empty list. Texts live in `arena`. */
MUST_CHECK enum err log_family(struct arena *arena, struct str path, int64_t since_us,
	struct log_member **ret_members, size_t *ret_n);
/* Is this what rotation makes of `name`? */
bool log_family_has(struct str name, struct str other);
