/* cli/node_adopt.h -- `bounced node adopt DIR`: what is left in the spool of a node that is gone, into this node's database. */
#pragma once
#include "core/arena.h"
#include "core/config.h"

/* Returns an exit code. `user`: to become when started as root, "": as the settings say. `force`: though the node was seen a
 * moment ago. */
int node_adopt(const struct config *config, struct arena *arena, const char *dir, const char *user,
	bool force);
