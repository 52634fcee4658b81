/* serve/watch.h -- a thread that ends sessions of ours that stand still and hold this role up.
 * A session that stopped in the middle of a COPY (a loader of another node, an import of a list: a process that was stopped, a machine that was
 * suspended) keeps its locks, and the server waits for it for ever; one that stopped anywhere else is ended by the server itself
 * (STORE_IDLE_ROLE_MS). Not pure: a thread, and a connection of its own while the role is silent. */
#pragma once
#include "serve/role.h"

struct watch;
/* NULL: there is none, and whoever waits waits. */
struct watch *watch_start(const struct role *role);
/* Called each turn of the role's loop: of a loop that is silent for four seconds it is taken that it waits for the database. Takes NULL. */
void watch_heard(struct watch *watch);
/* Waits for the thread, but not for a database that does not answer: it goes with the process, which ends now. Takes NULL. */
void watch_stop(struct watch *take_watch);
