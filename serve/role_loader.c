/* serve/role_loader.c -- the loader role: what the loading loop needs of a process, and a thread that sees to it that nobody who hangs
 * holds it up. */
#define _GNU_SOURCE
#include "core/err.h"
#include "core/log.h"
#include "load/loader.h"
#include "serve/child.h"
#include "serve/database.h"
#include "serve/presence.h"
#include "serve/roles.h"
#include "store/database_settings.h"
#include "store/overview.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

/* Silent: of a loop that is not heard of for so long it is taken that it waits for the database; each second is looked then. Hung: as
 * STORE_IDLE_ROLE_MS, so that it is ten seconds with the rest. */
enum {
	WATCH_SILENT_MS = 4000,
	WATCH_LOOK_MS = 1000,
	WATCH_HUNG_MS = 8000,
	WATCH_STOP_S = 3 /* not for a database that does not answer */
};

struct outside {
	struct role *role;
	struct presence presence;
	struct arena *arena;
	const char *conninfo; /* in arena */
	pthread_t watch;
	bool watched;
	atomic_bool ended;
	atomic_int_least64_t heard_ms; /* of the loop */
};

/* ---- the watch ---- */

/* A loader of another node that stopped in the middle of a COPY (a process that was stopped, a machine that was suspended) keeps its locks,
 * and the server waits for it for ever; one that stopped anywhere else is ended by the server itself. */
static void look(struct store *store)
{
	size_t n = 0;
	enum err err = store_connected(store) ? ERR_OK : store_reopen(store);

	if (!err)
		err = store_end_hung(store, WATCH_HUNG_MS * INT64_C(1000), &n);
	if (!err && n)
		log_event(LOG_WARN, "hung_session_ended", LOG_U64("sessions", n));
}

/* A connection of its own, made when the loop waits and given up when it goes on. */
static void *watch(void *context)
{
	struct outside *outside = context;
	const struct store_options options = { .application_name = "bounced watch",
		.idle_timeout_ms = STORE_IDLE_ROLE_MS };
	struct store *store = NULL;

	while (!role_wait_stop(outside->role, WATCH_LOOK_MS) && !atomic_load(&outside->ended)) {
		if (child_now_ms() - atomic_load(&outside->heard_ms) < WATCH_SILENT_MS) {
			store_close(store);
			store = NULL;
		} else if (store || !store_open(outside->conninfo, &options, NULL, &store)) {
			look(store);
		}
	}
	store_close(store);
	return NULL;
}

static void start_watch(struct outside *outside)
{
	atomic_store(&outside->heard_ms, child_now_ms());
	outside->watched = !pthread_create(&outside->watch, NULL, watch, outside);
}

static void stop_watch(struct outside *outside)
{
	struct timespec until;

	atomic_store(&outside->ended, true);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WATCH_STOP_S;
	if (!outside->watched || !pthread_timedjoin_np(outside->watch, NULL, &until))
		arena_free(outside->arena); /* else it goes with the process, which ends now */
}

/* ---- the loop ---- */

static int take_parser(void *context)
{
	return role_take_parser(((struct outside *)context)->role);
}

static void turn(void *context, struct store *store)
{
	struct outside *outside = context;

	atomic_store(&outside->heard_ms, child_now_ms());
	presence_tell(&outside->presence, store);
}

int role_loader(struct role *role)
{
	/* Not of the stack: the watch may outlive this call by a moment. */
	static struct outside context;
	const struct loader_outside outside = { .stop_fd = role->stop_fd,
		.parsers_fd = ROLE_CONTROL_FD,
		.take_parser = take_parser,
		.turn = turn,
		.context = &context,
		.drains = role->drains };
	struct loader *loader = NULL;
	struct store *store = NULL;
	enum err err = loader_new(role->config, &loader);

	context.role = role;
	context.arena = arena_new();
	context.presence.role = role;
	if (!err)
		err = database_conninfo(role->config, context.arena, &context.conninfo);
	if (!err)
		err = database_open(role, "bounced loader", &store);
	if (!err) {
		start_watch(&context);
		role_ready(role);
		err = loader_run(loader, store, &outside);
	}
	stop_watch(&context);
	if (err && err != ERR_CLOSED && err != ERR_NEWER)
		log_event(LOG_ERROR, "loader_stopped", LOG_ERR(err));
	loader_free(loader);
	store_close(store);
	return database_exit_code(err);
}
