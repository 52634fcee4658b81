/* api/warm_priv.h -- reads what the first ranking would have to wait for, half a million names of domains, before anybody asks.
 * A thread with a connection of its own, which ends when that is read; it tries again while the database is away. */
#pragma once
#include "api/thread_store_priv.h"

struct store_names;
struct warm;

/* Both have to live until warm_stop. */
struct warm *warm_start(struct thread_stores *stores, struct store_names *names);
/* Takes NULL. */
void warm_stop(struct warm *warm);
