#include "api/warm_priv.h"
#include "store/ranking.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>

enum { WARM_PAUSE_S = 1 };

struct warm {
	pthread_mutex_t mutex;
	pthread_cond_t stop;
	pthread_t thread;
	bool stopping;
	struct thread_stores *stores;
	struct store_names *names;
};

/* A schema that is being brought along has no names yet. */
static bool learn(struct warm *warm)
{
	struct store *store;
	enum err err = thread_stores_get(warm->stores, false, &store);

	if (!err)
		err = store_ready(store);
	if (!err)
		err = store_names_learn(store, warm->names);
	return !err;
}

static void *run(void *context)
{
	struct warm *warm = context;
	bool done = false;

	while (!done) {
		struct timespec next;

		done = learn(warm);
		clock_gettime(CLOCK_MONOTONIC, &next);
		next.tv_sec += WARM_PAUSE_S;
		pthread_mutex_lock(&warm->mutex);
		if (!done && !warm->stopping)
			pthread_cond_timedwait(&warm->stop, &warm->mutex, &next);
		done |= warm->stopping;
		pthread_mutex_unlock(&warm->mutex);
	}
	return NULL;
}

struct warm *warm_start(struct thread_stores *stores, struct store_names *names)
{
	struct warm *warm = calloc(1, sizeof *warm);
	pthread_condattr_t attributes;

	if (!warm)
		abort();
	warm->stores = stores;
	warm->names = names;
	pthread_mutex_init(&warm->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&warm->stop, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&warm->thread, NULL, run, warm))
		abort();
	return warm;
}

void warm_stop(struct warm *warm)
{
	if (!warm)
		return;
	pthread_mutex_lock(&warm->mutex);
	warm->stopping = true;
	pthread_cond_signal(&warm->stop);
	pthread_mutex_unlock(&warm->mutex);
	pthread_join(warm->thread, NULL);
	pthread_cond_destroy(&warm->stop);
	pthread_mutex_destroy(&warm->mutex);
	free(warm);
}
