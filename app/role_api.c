/* app/role_api.c -- the api role: the HTTP server and the wait for its end. */
#include "api/http_server.h"
#include "app/commands.h"
#include "app/database.h"
#include "app/role.h"
#include "core/log.h"

enum { API_PROBLEM_BYTES = 4096 };

static void read_options(const struct config *config, struct api_options *options)
{
	options->listen = config_str(config, CONFIG_API_LISTEN);
	options->access = config_bool(config, CONFIG_API_LOOPBACK_WITHOUT_KEY) ? API_ACCESS_LOOPBACK
									       : API_ACCESS_KEYS;
	options->threads = (unsigned)config_int(config, CONFIG_API_THREADS);
	options->max_connections = (unsigned)config_int(config, CONFIG_API_MAX_CONNECTIONS);
	options->max_per_address =
		(unsigned)config_int(config, CONFIG_API_MAX_CONNECTIONS_PER_ADDRESS);
	options->statement_timeout_ms =
		(unsigned)config_int(config, CONFIG_DATABASE_STATEMENT_TIMEOUT_MS);
}

int role_api(struct role *role)
{
	struct buf problem = BUF_INIT(API_PROBLEM_BYTES);
	struct api_options options = { 0 };
	struct api_server *server = NULL;
	struct arena *arena = arena_new();
	enum err err = database_conninfo(role->config, arena, &options.conninfo);

	read_options(role->config, &options);
	if (!err)
		err = api_server_start(&options, &problem, &server);
	if (err) {
		log_event(LOG_ERROR, "api_not_served", LOG_ERR(err),
			LOG_STR("reason", buf_str(&problem)));
	} else {
		role_ready(role);
		role_wait_stop(role, -1);
	}
	api_server_stop(server);
	buf_release(&problem);
	arena_free(arena);
	return err ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}
