#include "store/database_settings.h"

#include "domain/provider.h"
#include "store/cluster/cluster_find.h"
#include "store/store.h"

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PROBLEM_BYTES = 4096 };

bool database_is_private(const struct config *config)
{
	return !config_str(config, CONFIG_DATABASE_URL).n;
}

static const char *database_cluster_dir(const struct config *config, struct arena *arena)
{
	struct str dir = config_str(config, CONFIG_SERVER_DATA_DIR);

	return arena_printf(arena, "%.*s/postgres", STR_ARG(dir)).p;
}

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
	const char *dir = database_cluster_dir(config, arena);

	*ret_options = (struct cluster_options){
		.dir = dir,
		.user = cluster_owner(dir, arena),
		.bin_dir = arena_c(arena, config_str(config, CONFIG_DATABASE_BIN_DIR)),
		.durability =
			config_bool(config, CONFIG_DATABASE_FSYNC) ? CLUSTER_DURABLE : CLUSTER_TEST,
	};
}

static enum err check_url(const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	const char *url = arena_c(arena, config_str(config, CONFIG_DATABASE_URL));
	struct buf problem = BUF_INIT(PROBLEM_BYTES);
	enum err err = store_conninfo_check(url, &problem);

	if (err)
		*ret_trouble = arena_printf(
			arena, "database.url: cannot be read: %.*s", STR_ARG(buf_str(&problem)));
	buf_release(&problem);
	return err;
}

enum err database_programs_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	const char *configured = arena_c(arena, config_str(config, CONFIG_DATABASE_BIN_DIR));
	struct buf problem = BUF_INIT(PROBLEM_BYTES);
	const char *bin_dir;
	enum err err = cluster_find_programs(
		arena, configured, str_c(database_cluster_dir(config, arena)), &problem, &bin_dir);

	if (err)
		*ret_trouble = arena_printf(arena, "%s: %.*s",
			*configured ? "database.bin_dir" : "database.url",
			STR_ARG(buf_str(&problem)));
	buf_release(&problem);
	return err;
}

enum err database_settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	const struct providers *providers;
	struct str bad = STR_EMPTY;
	enum err err = providers_read(
		arena, config_str(config, CONFIG_DOMAIN_PROVIDERS), &providers, &bad);

	if (!err && !database_is_private(config))
		return check_url(config, arena, ret_trouble);
	if (err)
		*ret_trouble = arena_printf(arena,
			"domain.providers: \"%.*s\" is no domain=provider (letters a to z, digits, "
			"_, - and . in a provider)",
			STR_ARG(bad));
	return err;
}

enum err database_conninfo(
	const struct config *config, struct arena *arena, const char **ret_conninfo)
{
	struct cluster_options options;

	if (!database_is_private(config)) {
		*ret_conninfo = arena_c(arena, config_str(config, CONFIG_DATABASE_URL));
		return ERR_OK;
	}
	database_cluster_options(config, arena, &options);
	return cluster_conninfo(arena, &options, ret_conninfo);
}
