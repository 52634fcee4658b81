/* serve/supervisor.h -- `bounced serve`: starts the roles, restarts those that die, stops them in order.
 * Knows: processes, sockets that were opened before root was given up, and which settings a role may see.
 * Does not know: mail, SQL, HTTP. One thread, one loop (poll on a signalfd and the control sockets). */
#pragma once
#include "core/arena.h"
#include "core/config.h"
#include "core/err.h"
#include "serve/listeners.h"
#include "serve/tls_files.h"

#include <stddef.h>

struct supervisor_options {
	struct config *config;
	unsigned roles; /* 1u << enum role_id of each role that is to run */
	struct listeners smtp;
	int http_fd; /* of api.listen; -1: the api role does not run here */
	struct tls_files tls[TLS_USES];
	int rules_fd; /* the operator's rules; -1: none */
	const char *word; /* that each role is started with (role.h) */
	bool drains;      /* the word is "drain": all ends when the loader does */
};

/* Runs until SIGTERM or SIGINT and all roles have ended. Returns an exit code. */
int supervisor_run(const struct supervisor_options *options);
