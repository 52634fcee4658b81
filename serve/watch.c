#define _GNU_SOURCE
#include "serve/watch.h"

#include "core/log.h"
#include "serve/child.h"
#include "store/database_settings.h"
#include "store/overview.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* Silent: of a loop that is not heard of for so long it is taken that it waits for the database; each second is looked then. Hung:
 * for so long without a byte, so that it is ten seconds with the rest. */
enum {
	WATCH_SILENT_MS = 4000,
	WATCH_LOOK_MS = 1000,
	WATCH_HUNG_MS = 4000,
	WATCH_STOP_S = 3 /* not for a database that does not answer */
};

struct watch {
	const struct role *role;
	struct arena *arena;
	const char *conninfo; /* in arena */
	pthread_t thread;
	atomic_bool ended;
	atomic_int_least64_t heard_ms; /* of the loop */
};

static void look(struct store *store, struct store_hung *hung)
{
	size_t n = 0;
	enum err err = store_connected(store) ? ERR_OK : store_reopen(store);

	if (!err)
		err = store_end_hung(store, hung, child_now_ms(), WATCH_HUNG_MS, &n);
	if (!err && n)
		log_event(LOG_WARN, "hung_session_ended", LOG_U64("sessions", n));
}

/* A connection of its own, made when the loop waits and given up when it goes on. */
static void *run(void *context)
{
	struct watch *watch = context;
	const struct store_options options = { .application_name = "bounced watch",
		.idle_timeout_ms = STORE_IDLE_ROLE_MS };
	struct store *store = NULL;
	struct store_hung hung = { .n = 0 };

	while (!role_wait_stop(watch->role, WATCH_LOOK_MS) && !atomic_load(&watch->ended)) {
		if (child_now_ms() - atomic_load(&watch->heard_ms) < WATCH_SILENT_MS) {
			store_close(store);
			store = NULL;
			hung.n = 0;
		} else if (store || !store_open(watch->conninfo, &options, NULL, &store)) {
			look(store, &hung);
		}
	}
	store_close(store);
	return NULL;
}

struct watch *watch_start(const struct role *role)
{
	struct arena *arena = arena_new();
	struct watch *watch = arena_zalloc(arena, sizeof *watch);

	watch->arena = arena;
	watch->role = role;
	atomic_store(&watch->heard_ms, child_now_ms());
	if (database_conninfo(role->config, arena, &watch->conninfo) ||
		pthread_create(&watch->thread, NULL, run, watch)) {
		arena_free(arena);
		return NULL;
	}
	return watch;
}

void watch_heard(struct watch *watch)
{
	if (watch)
		atomic_store(&watch->heard_ms, child_now_ms());
}

void watch_stop(struct watch *watch)
{
	struct timespec until;

	if (!watch)
		return;
	atomic_store(&watch->ended, true);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WATCH_STOP_S;
	if (!pthread_timedjoin_np(watch->thread, NULL, &until))
		arena_free(watch->arena); /* else it goes with the process, which ends now */
}
