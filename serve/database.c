#include "serve/database.h"

#include "core/err.h"
#include "core/log.h"
#include "store/database_settings.h"
#include "store/store.h"

enum {
	DATABASE_PROBLEM_BYTES = 4096,
	DATABASE_PAUSE_MIN_MS = 50,
	DATABASE_PAUSE_MAX_MS = 5000,
	DATABASE_SCHEMA_PAUSE_MS = 1000
};

int database_exit_code(enum err err)
{
	if (!err || err == ERR_CLOSED)
		return EXIT_CODE_OK;
	return err == ERR_NEWER ? EXIT_CODE_NEVER : EXIT_CODE_FAILED;
}

/* Another server, or a person, may be the one who brings the schema up to date: a role that keeps to it must not work on an
 * older one, or on one that is halfway there. */
static enum err wait_for_schema(const struct role *role, struct store *store)
{
	enum err err, before = ERR_OK;

	if (!(role_flags(role->id) & ROLE_NEEDS_SCHEMA))
		return ERR_OK;
	while ((err = store_ready(store)) == ERR_NOT_FOUND || err == ERR_UNAVAILABLE) {
		if (err == ERR_NOT_FOUND && err != before)
			log_event(LOG_WARN, "schema_older",
				LOG_C("why", "bounced migrate, or a server with the role "
					     "migrate, brings it up to date"));
		before = err;
		if (role_wait_stop(role, DATABASE_SCHEMA_PAUSE_MS))
			return ERR_CLOSED;
		if (err == ERR_UNAVAILABLE)
			ERR_IGNORE(store_reopen(store), "asked again");
	}
	return err;
}

enum err database_open(const struct role *role, const char *name, struct store **ret_store)
{
	const struct store_options options = { .application_name = name,
		.idle_timeout_ms = STORE_IDLE_ROLE_MS,
		.providers = config_str(role->config, CONFIG_DOMAIN_PROVIDERS),
		.mx_lookups = config_bool(role->config, CONFIG_DOMAIN_MX_LOOKUPS) };
	struct buf problem = BUF_INIT(DATABASE_PROBLEM_BYTES);
	struct arena *arena = arena_new();
	struct store *store = NULL;
	const char *conninfo;
	enum err err = database_conninfo(role->config, arena, &conninfo);
	int pause_ms = DATABASE_PAUSE_MIN_MS;

	while (!err &&
		(err = store_open(conninfo, &options, &problem, &store)) == ERR_UNAVAILABLE) {
		if (pause_ms == DATABASE_PAUSE_MAX_MS)
			log_event(LOG_WARN, "database_away", LOG_STR("reason", buf_str(&problem)));
		buf_reset(&problem);
		err = role_wait_stop(role, pause_ms) ? ERR_CLOSED : ERR_OK;
		pause_ms =
			pause_ms * 2 < DATABASE_PAUSE_MAX_MS ? pause_ms * 2 : DATABASE_PAUSE_MAX_MS;
	}
	if (!err && (err = wait_for_schema(role, store)))
		buf_put(&problem, store_error(store));
	if (err && err != ERR_CLOSED)
		log_event(LOG_ERROR, "database_refused", LOG_ERR(err),
			LOG_STR("reason", buf_str(&problem)));
	if (err)
		store_close(store);
	else
		*ret_store = store;
	buf_release(&problem);
	arena_free(arena);
	return err;
}
