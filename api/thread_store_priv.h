/* api/thread_store_priv.h -- a store connection for each thread that asks.
 * Knows: when a lost connection is tried again, and threads' own data. Does not know HTTP.
 * Logs a connection that cannot be had. A thread's connection is closed when the thread ends. */
#pragma once
#include "core/err.h"
#include "store/store.h"

#include <stdatomic.h>

struct thread_stores;

/* `conninfo` and the options are copied, but for the application name. */
/* `open` counts connections that are open; it must outlive the stores. */
struct thread_stores *thread_stores_new(
	const char *conninfo, const struct store_options *options, atomic_uint *open);
/* After every thread that asked has ended. */
void thread_stores_free(struct thread_stores *stores);

/* An api_store_fn (service.h): `context` is a struct thread_stores. After each failed try a longer pause,
 * in which ERR_UNAVAILABLE comes at once; a connection that any thread gets ends the pauses of all. */
enum err thread_stores_get(void *context, bool again, struct store **ret_store);
/* What the database said to this thread's last failure; empty for a connection that was lost, which is
 * logged here. */
struct str thread_stores_error(struct thread_stores *stores);
