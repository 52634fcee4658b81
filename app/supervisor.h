/* app/supervisor.h -- `bounced serve`: starts the roles, restarts those that die, stops them in order.
 * Knows: processes, sockets that it opens before root is given up, and which settings a role may see.
 * Does not know: mail, SQL, HTTP. One thread, one loop (poll on a signalfd and the control sockets). */
#pragma once
#include "app/tls_files.h"
#include "core/arena.h"
#include "core/config.h"
#include "core/err.h"

#include <stddef.h>

enum { SUPERVISOR_MAX_LISTEN = 16 };

struct supervisor_options {
	struct config *config;
	unsigned roles; /* 1u << enum role_id of each role that is to run */
	int smtp_fds[SUPERVISOR_MAX_LISTEN];
	size_t n_smtp_fds;
	struct tls_files tls;
	int rules_fd; /* the operator's rules; -1: none */
};

/* Opens the sockets of smtp.listen. To be called before root is given up.
 * *ret_trouble (in `arena`) names the address. */
MUST_CHECK enum err supervisor_listen(const struct config *config, struct arena *arena,
	struct supervisor_options *options, struct str *ret_trouble);
/* Runs until SIGTERM or SIGINT and all roles have ended. Returns an exit code. */
int supervisor_run(const struct supervisor_options *options);
