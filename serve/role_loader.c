/* serve/role_loader.c -- the loader role: what the loading loop needs of a process. */
#include "core/log.h"
#include "load/loader.h"
#include "serve/database.h"
#include "core/err.h"
#include "serve/roles.h"

static int take_parser(void *role)
{
	return role_take_parser(role);
}

int role_loader(struct role *role)
{
	const struct loader_outside outside = { .stop_fd = role->stop_fd,
		.parsers_fd = ROLE_CONTROL_FD,
		.take_parser = take_parser,
		.context = role };
	struct loader *loader = NULL;
	struct store *store = NULL;
	enum err err = loader_new(role->config, &loader);

	if (!err)
		err = database_open(role, "bounced loader", &store);
	if (!err) {
		role_ready(role);
		err = loader_run(loader, store, &outside);
	}
	if (err && err != ERR_CLOSED && err != ERR_NEWER)
		log_event(LOG_ERROR, "loader_stopped", LOG_ERR(err));
	loader_free(loader);
	store_close(store);
	return database_exit_code(err);
}
