/* serve/node_status.h -- the page that tells of the node's processes (spool/node_page.h), and who writes it.
 * Knows: /proc, a page of memory. Does not know who asks. */
#pragma once
#include "serve/child.h"

struct node_status;

/* Never NULL; without the page, which is no reason not to serve, all else does nothing. */
struct node_status *node_status_new(void);
/* To be handed to the api role; -1: there is none. */
int node_status_fd(const struct node_status *status);
/* A process of the role that ended though it was not told to. */
void node_status_died(struct node_status *status, enum role_id role);
/* Every NODE_STATUS_MS at most, looks at each of them. */
enum { NODE_STATUS_MS = 5000 };
void node_status_look(struct node_status *status, const struct child *children, size_t n);
