/* serve/roles.h -- what each role does: the functions of role.def. A process calls one,
 * which returns its exit code; role_run.c finds out which. */
#pragma once
#include "serve/role.h"

#define ROLE(id, name, settings, flags, rights, stop_order, function)                              \
	int function(struct role *role);
#include "serve/role.def"

/* `bounced role NAME N`: how the supervisor starts a role. Not for people. A process becomes a role: descriptors, settings,
 * sandbox, then its function. Returns an exit code. */
int role_run(int argc, char **argv);
