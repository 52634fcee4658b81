/* serve/role_database.c -- the roles around the database: the private cluster and its schema. */
#define _GNU_SOURCE
#include "core/log.h"
#include "serve/database.h"
#include "core/err.h"
#include "serve/roles.h"
#include "store/database_settings.h"
#include "store/store.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PROBLEM_BYTES = 4096, MIGRATE_WAIT_MS = 60000 };

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

/* Prepares the cluster, then becomes PostgreSQL. */
int role_postgres(struct role *role)
{
	struct buf problem = BUF_INIT(PROBLEM_BYTES);
	struct arena *arena = arena_new();
	struct cluster_options options;
	struct cluster_plan plan;
	enum err err;

	database_cluster_options(role->config, arena, &options);
	err = cluster_prepare(arena, &options, &problem, &plan);
	if (err) {
		log_event(LOG_ERROR, "cluster_not_ready", LOG_ERR(err),
			LOG_STR("reason", buf_str(&problem)));
		buf_release(&problem);
		arena_free(arena);
		return EXIT_CODE_FAILED;
	}
	/* Signals that this process took by descriptor must reach PostgreSQL as signals. */
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	/* Its lines are read by the supervisor, so that they are lines of this log. */
	if (role->n_fds)
		dup2(role->fds[0], STDERR_FILENO);
	execve(plan.program, plan.argv, plan.envp);
	log_event(LOG_ERROR, "cluster_not_started", LOG_C("program", plan.program),
		LOG_C("reason", strerror(errno)));
	return EXIT_CODE_FAILED;
}

static int migrate(struct store *store)
{
	struct store_migration done;
	enum err err = store_migrate(store, now_us(), MIGRATE_WAIT_MS, &done);

	if (err) {
		log_event(LOG_ERROR, "schema_not_migrated", LOG_ERR(err),
			LOG_STR("reason", store_error(store)));
		return EXIT_CODE_FAILED;
	}
	log_event(LOG_INFO, "schema_migrated", LOG_U64("applied", done.applied),
		LOG_U64("version", done.version));
	return EXIT_CODE_OK;
}

int role_migrate(struct role *role)
{
	struct store *store = NULL;
	enum err err = database_open(role, "bounced migrate", &store);
	int code = err == ERR_NEWER ? EXIT_CODE_NEVER : EXIT_CODE_FAILED;

	if (!err)
		code = migrate(store);

	store_close(store);
	return code;
}
