/* serve/node_status.h -- the page that tells of the node's processes (spool/node_page.h), and who writes it; and a file
 * of the data folder, DIR/roles.NAME (of the first role of this
 * server, as others may share the folder), for who asks without the API (bounced doctor).
 * Knows: /proc, a page of memory. Does not know who asks.
 * The file has a line a role that is meant to run: name, processes that are meant, that run, that ended though nobody told them
 * to since the server started, and when the newest began (milliseconds since 1970; 0: none runs). Written when that changes. */
#pragma once
#include "core/str.h"
#include "serve/child.h"

struct node_status;

/* Never NULL; without the page, which is no reason not to serve, all else does nothing. */
struct node_status *node_status_new(struct str data_dir);
/* To be handed to the api role; -1: there is none. */
int node_status_fd(const struct node_status *status);
/* A process of the role that ended though it was not told to. */
void node_status_died(struct node_status *status, enum role_id role);
/* Every NODE_STATUS_MS at most, looks at each of them. */
enum { NODE_STATUS_MS = 5000 };
void node_status_look(struct node_status *status, const struct child *children, size_t n);

struct node_line {
	struct str name;
	uint64_t meant, running, restarts, started_ms;
};
/* Takes the next line of such a file. False: none is left, or it is none. */
bool node_status_next(struct str *rest, struct node_line *ret_line);
