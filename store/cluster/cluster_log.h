/* store/cluster/cluster_log.h -- a line that PostgreSQL writes to its standard error, read.
 * Knows: log_line_prefix as the cluster has it, severities. Pure. */
#pragma once
#include "core/log.h"

struct cluster_line {
	enum log_level level;
	struct str
		severity; /* "LOG", "ERROR", "DETAIL"; empty: the line goes on from the one before, or is of another program */
	struct str text;
};

/* Borrows from `line`, which has no line feed. */
struct cluster_line cluster_log_read(struct str line);
