/* serve/sandbox.h -- what a role gives up before it touches a peer's bytes.
 * Knows: Landlock (which files), seccomp by way of libseccomp (which system calls). Does not know what roles do:
 * each role's rights are a column of role.def. Nothing that was given up comes back, and it holds for all
 * threads and processes that the caller makes later; so it must have no other thread yet. */
#pragma once
#include "core/attr.h"
#include "core/err.h"

#include <stdbool.h>

enum sandbox_right {
	SANDBOX_OFF = 0, /* everything stays */
	SANDBOX_ON =
		1u
		<< 0, /* files read-only or not at all, no new program, nothing of an administrator */
	SANDBOX_SPOOL = 1u << 1,    /* may read and write below the spool's folder */
	SANDBOX_CONNECTS = 1u << 2, /* may open sockets and connect them */
	SANDBOX_LISTENS = 1u << 3,  /* may bind sockets and take connections on them */
	SANDBOX_EXPORTS = 1u << 4,  /* may read and write below the export folder */
	SANDBOX_SYSTEM =
		1u << 5, /* may read all files: libpq's certificates, the resolver's settings */
	SANDBOX_BARE = 1u << 6, /* no file, no socket: only the calls that computing needs */
};

struct sandbox {
	unsigned rights;
	const char *spool_dir,
		*export_dir; /* may be "" where the right is not given; else must exist */
};

/* What could be put in force; a kernel without Landlock or seccomp leaves that out. */
struct sandbox_report {
	bool files, calls;
};
void sandbox_enter(const struct sandbox *sandbox, struct sandbox_report *ret_report);
