/* serve/sandbox/sandbox.h -- what a role gives up before it touches a peer's bytes.
 * Knows: Landlock (which files), seccomp by way of libseccomp (which system calls). Does not know what roles do:
 * each role's rights are a column of role.def. Nothing that was given up comes back, and it holds for all
 * threads and processes that the caller makes later; so it must have no other thread yet. */
#pragma once
#include "serve/sandbox/sandbox_right.h"

#include <stdbool.h>
#include <stddef.h>

struct sandbox {
	unsigned rights;
	const char *spool_dir; /* may be "" where the right is not given; else must exist */
	const char *const *export_dirs; /* likewise, each */
	size_t n_export_dirs;
	const char *data_dir; /* of SANDBOX_EXECUTES; else may be NULL */
};

/* What could be put in force; a kernel without Landlock or seccomp leaves that out. */
struct sandbox_report {
	bool files, calls;
};
void sandbox_enter(const struct sandbox *sandbox, struct sandbox_report *ret_report);
