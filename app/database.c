#include "app/database.h"

#include "app/commands.h"
#include "app/settings.h"
#include "core/log.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DATABASE_PROBLEM_BYTES = 4096, DATABASE_PAUSE_MIN_MS = 50, DATABASE_PAUSE_MAX_MS = 5000 };

/* A command of root's speaks to a cluster that the service user runs: the folder tells whose it is. */
static const char *cluster_owner(const char *dir, struct arena *arena)
{
	const struct passwd *owner;
	struct stat st;

	if (stat(dir, &st) || st.st_uid == geteuid())
		return NULL;
	owner = getpwuid(st.st_uid);
	return owner ? arena_c(arena, str_c(owner->pw_name)) : NULL;
}

void database_cluster_options(
	const struct config *config, struct arena *arena, struct cluster_options *ret_options)
{
	const char *dir = settings_cluster_dir(config, arena);

	*ret_options = (struct cluster_options){
		.dir = dir,
		.user = cluster_owner(dir, arena),
		.bin_dir = arena_c(arena, config_str(config, CONFIG_DATABASE_BIN_DIR)),
		.durability =
			config_bool(config, CONFIG_DATABASE_FSYNC) ? CLUSTER_DURABLE : CLUSTER_TEST,
	};
}

enum err database_conninfo(
	const struct config *config, struct arena *arena, const char **ret_conninfo)
{
	struct cluster_options options;

	if (!settings_private_cluster(config)) {
		*ret_conninfo = arena_c(arena, config_str(config, CONFIG_DATABASE_URL));
		return ERR_OK;
	}
	database_cluster_options(config, arena, &options);
	return cluster_conninfo(arena, &options, ret_conninfo);
}

enum err database_open(const struct role *role, const char *name, struct store **ret_store)
{
	const struct store_options options = { .application_name = name };
	struct buf problem = BUF_INIT(DATABASE_PROBLEM_BYTES);
	struct arena *arena = arena_new();
	const char *conninfo;
	enum err err = database_conninfo(role->config, arena, &conninfo);
	int pause_ms = DATABASE_PAUSE_MIN_MS;

	while (!err &&
		(err = store_open(conninfo, &options, &problem, ret_store)) == ERR_UNAVAILABLE) {
		if (pause_ms == DATABASE_PAUSE_MAX_MS)
			log_event(LOG_WARN, "database_away", LOG_STR("reason", buf_str(&problem)));
		buf_reset(&problem);
		err = role_wait_stop(role, pause_ms) ? ERR_CLOSED : ERR_OK;
		pause_ms =
			pause_ms * 2 < DATABASE_PAUSE_MAX_MS ? pause_ms * 2 : DATABASE_PAUSE_MAX_MS;
	}
	if (err && err != ERR_CLOSED)
		log_event(LOG_ERROR, "database_refused", LOG_ERR(err),
			LOG_STR("reason", buf_str(&problem)));
	buf_release(&problem);
	arena_free(arena);
	return err;
}

struct store *database_open_or_say(
	const struct config *config, struct arena *arena, const char *name)
{
	const struct store_options options = { .application_name = name };
	struct buf problem = BUF_INIT(DATABASE_PROBLEM_BYTES);
	struct store *store = NULL;
	const char *conninfo;
	enum err err = database_conninfo(config, arena, &conninfo);

	if (!err)
		err = store_open(conninfo, &options, &problem, &store);
	if (err)
		command_failed("no database: %.*s%s", STR_ARG(buf_str(&problem)),
			settings_private_cluster(config)
				? " (the private cluster runs only under \"bounced serve\")"
				: "");
	buf_release(&problem);
	return store;
}
