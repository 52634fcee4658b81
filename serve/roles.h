/* serve/roles.h -- what each role does: the functions of role.def. A process calls one, which returns its exit code. */
#pragma once
#include "serve/role.h"

#define ROLE(id, name, settings, flags, rights, stop_order, function)                              \
	int function(struct role *role);
#include "serve/role.def"
