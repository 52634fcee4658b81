/* serve/role_loader.c -- the loader role: what the loading loop needs of a process. */
#include "core/err.h"
#include "core/log.h"
#include "load/loader.h"
#include "serve/database.h"
#include "serve/presence.h"
#include "serve/roles.h"
#include "serve/watch.h"

struct outside {
	struct role *role;
	struct presence presence;
	struct watch *watch;
};

static int take_parser(void *context)
{
	return role_take_parser(((struct outside *)context)->role);
}

static void turn(void *context, struct store *store)
{
	struct outside *outside = context;

	watch_heard(outside->watch);
	presence_tell(&outside->presence, store);
}

int role_loader(struct role *role)
{
	struct outside context = { .role = role, .presence = { .role = role } };
	const struct loader_outside outside = { .stop_fd = role->stop_fd,
		.parsers_fd = ROLE_CONTROL_FD,
		.take_parser = take_parser,
		.turn = turn,
		.context = &context,
		.drains = role->drains };
	struct loader *loader = NULL;
	struct store *store = NULL;
	enum err err = loader_new(role->config, &loader);

	if (!err)
		err = database_open(role, "bounced loader", &store);
	if (!err) {
		context.watch = watch_start(role);
		role_ready(role);
		err = loader_run(loader, store, &outside);
	}
	watch_stop(context.watch);
	if (err && err != ERR_CLOSED && err != ERR_NEWER)
		log_event(LOG_ERROR, "loader_stopped", LOG_ERR(err));
	loader_free(loader);
	store_close(store);
	return database_exit_code(err);
}
