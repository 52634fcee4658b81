#include "api/thread_store_priv.h"
#include "core/log.h"
#include "core/timestamp.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define FIRST_PAUSE_US    (250 * 1000)
#define START_PATIENCE_US (30 * TIMESTAMP_SECOND_US)
#define LAST_PAUSE_US     (5 * TIMESTAMP_SECOND_US)

struct thread_stores {
	pthread_key_t key; /* a struct own of each thread */
	char *conninfo;
	struct store_options options;
	atomic_uint *open;
	int64_t made_us;
	atomic_bool told;             /* that it is away */
	_Atomic int64_t connected_us; /* the last time that any thread got a connection */
};

struct own {
	struct store *store; /* NULL until the first connection */
	atomic_uint *open;
	bool counted; /* in it */
	int64_t failed_us, next_try_us, pause_us;
};

static int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

static void count_own(struct own *own)
{
	bool is_open = own->store && store_connected(own->store);

	if (is_open != own->counted)
		atomic_fetch_add(own->open, is_open ? 1u : -1u);
	own->counted = is_open;
}

static void own_free(void *pointer)
{
	struct own *own = pointer;

	if (own->counted)
		atomic_fetch_sub(own->open, 1);
	store_close(own->store);
	free(own);
}

struct thread_stores *thread_stores_new(
	const char *conninfo, const struct store_options *options, atomic_uint *open)
{
	struct thread_stores *stores = calloc(1, sizeof *stores);

	if (!stores)
		abort();
	stores->conninfo = strdup(conninfo);
	stores->options = *options;
	stores->open = open;
	stores->made_us = monotonic_us();
	if (!stores->conninfo || pthread_key_create(&stores->key, own_free))
		abort();
	return stores;
}

void thread_stores_free(struct thread_stores *stores)
{
	pthread_key_delete(stores->key);
	free(stores->conninfo);
	free(stores);
}

static struct own *own_of(struct thread_stores *stores)
{
	struct own *own = pthread_getspecific(stores->key);

	if (own)
		return own;
	own = calloc(1, sizeof *own);
	if (!own || pthread_setspecific(stores->key, own))
		abort();
	own->pause_us = FIRST_PAUSE_US;
	own->open = stores->open;
	return own;
}

/* Once, of all threads together, and once that it is back. A database that starts beside this server may take its time. */
static void tell(struct thread_stores *stores, enum err err, struct str reason)
{
	bool early = !atomic_load(&stores->connected_us) &&
		     monotonic_us() - stores->made_us < START_PATIENCE_US;

	if (err && !early && !atomic_exchange(&stores->told, true))
		log_event(err == ERR_NEWER ? LOG_ERROR : LOG_WARN, "database_unreachable",
			LOG_ERR(err), LOG_STR("reason", reason));
	else if (!err && atomic_exchange(&stores->told, false))
		log_event(LOG_INFO, "database_reached");
}

static enum err connect_own(struct thread_stores *stores, struct own *own)
{
	struct buf problem = BUF_INIT(1024);
	enum err err;

	if (own->store) {
		err = store_reopen(own->store);
		if (err)
			buf_put(&problem, store_error(own->store));
	} else {
		err = store_open(stores->conninfo, &stores->options, &problem, &own->store);
	}
	tell(stores, err, buf_str(&problem));
	buf_release(&problem);
	return err;
}

/* A database that let another thread in since this one failed lets this one in, too. */
static bool must_wait(struct thread_stores *stores, const struct own *own, int64_t now_us)
{
	return now_us < own->next_try_us && own->failed_us >= atomic_load(&stores->connected_us);
}

static void note_failure(struct own *own, int64_t now_us)
{
	own->failed_us = now_us;
	own->next_try_us = now_us + own->pause_us;
	own->pause_us = own->pause_us * 2 < LAST_PAUSE_US ? own->pause_us * 2 : LAST_PAUSE_US;
}

enum err thread_stores_get(void *context, bool again, struct store **ret_store)
{
	struct thread_stores *stores = context;
	struct own *own = own_of(stores);
	int64_t now_us = monotonic_us();
	enum err err;

	count_own(own);
	if (own->store && !again && store_connected(own->store)) {
		*ret_store = own->store;
		return ERR_OK;
	}
	if (must_wait(stores, own, now_us))
		return ERR_UNAVAILABLE;
	err = connect_own(stores, own);
	count_own(own);
	if (err) {
		note_failure(own, now_us);
		return err;
	}
	own->pause_us = FIRST_PAUSE_US;
	atomic_store(&stores->connected_us, monotonic_us());
	*ret_store = own->store;
	return ERR_OK;
}

struct str thread_stores_error(struct thread_stores *stores)
{
	const struct own *own = own_of(stores);

	return own->store && store_connected(own->store) ? store_error(own->store) : STR_EMPTY;
}
