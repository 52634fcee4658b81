/* tests/support/cluster_fixture.h -- a real private PostgreSQL cluster for one test program.
 * Started in main() before Check forks, stopped after it; each test makes a database of its own in it.
 * As root it runs as `postgres`, else as `nobody`, since PostgreSQL refuses root. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "store/cluster/cluster.h"
#include "store/store.h"

#include <assert.h>
#include <ftw.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A volume of an hour. */
#define VOLUME(at, stream_, campaign_, domain_, source_, attempted_)                               \
	{                                                                                          \
		.at_us = (at), .stream = stream_, .campaign = campaign_, .domain = domain_,        \
		.source = source_, .attempted = (attempted_)                                       \
	}

static struct fixture {
	char dir[64], user[64], data[96], conninfo[512], bin_dir[256];
	char newest[700]; /* the connection string of the database that was made last */
	pid_t server;
} fixture;

static inline void fixture_sleep_ms(long ms)
{
	const struct timespec pause = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&pause, NULL);
}

static inline const struct passwd *fixture_user(void)
{
	const struct passwd *user = geteuid() ? getpwuid(geteuid()) : getpwnam("postgres");

	return user ? user : getpwnam("nobody");
}

/* In a child: becomes the user, makes the cluster, becomes the server. */
static inline void fixture_serve(const struct passwd *user)
{
	const struct cluster_options options = { .dir = fixture.data, .durability = CLUSTER_TEST };
	struct buf problem = BUF_INIT(4096);
	struct cluster_plan plan;

	if (geteuid() == 0 && (setgroups(0, NULL) || setgid(user->pw_gid) || setuid(user->pw_uid)))
		_exit(2);
	prctl(PR_SET_PDEATHSIG, SIGINT);
	if (cluster_prepare(arena_new(), &options, &problem, &plan)) {
		fprintf(stderr, "cluster: %.*s\n", STR_ARG(buf_str(&problem)));
		_exit(2);
	}
	if (!freopen("server.log", "w", stderr) || !freopen("/dev/null", "w", stdout))
		_exit(2);
	execve(plan.program, plan.argv, plan.envp);
	_exit(2);
}

static inline enum err fixture_open(const char *conninfo, struct store **ret_store)
{
	const struct store_options options = { .application_name = "test",
		.statement_timeout_ms = 60000 };

	return store_open(conninfo, &options, NULL, ret_store);
}

static inline void fixture_wait(void)
{
	struct store *store = NULL;

	for (int i = 0; i < 600 && fixture_open(fixture.conninfo, &store); i++) {
		assert(waitpid(fixture.server, NULL, WNOHANG) == 0);
		fixture_sleep_ms(50);
	}
	assert(store);
	store_close(store);
}

static inline void fixture_launch(void)
{
	fixture.server = fork();
	assert(fixture.server >= 0);
	if (fixture.server == 0) {
		if (chdir(fixture.dir))
			_exit(2);
		fixture_serve(fixture_user());
	}
	fixture_wait();
}

static inline void fixture_start(void)
{
	const struct passwd *user = fixture_user();
	struct cluster_options options = { .dir = fixture.data };
	struct arena *arena = arena_new();
	const char *conninfo;

	assert(user);
	snprintf(fixture.dir, sizeof fixture.dir, "/tmp/bounced-test-XXXXXX");
	assert(mkdtemp(fixture.dir));
	snprintf(fixture.data, sizeof fixture.data, "%s/pg", fixture.dir);
	snprintf(fixture.user, sizeof fixture.user, "%s", user->pw_name);
	assert(chown(fixture.dir, user->pw_uid, user->pw_gid) == 0);
	options.user = fixture.user;
	assert(cluster_conninfo(arena, &options, &conninfo) == ERR_OK);
	snprintf(fixture.conninfo, sizeof fixture.conninfo, "%s", conninfo);
	arena_free(arena);
	fixture_launch();
}

static inline int fixture_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void fixture_stop_server(int signal_number)
{
	kill(fixture.server, signal_number);
	waitpid(fixture.server, NULL, 0);
}

static inline void fixture_stop(void)
{
	fixture_stop_server(SIGINT);
	nftw(fixture.dir, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
}

/* Runs psql with one command; the server's rules are the superuser's. */
static inline void fixture_sql(const char *conninfo, const char *sql)
{
	pid_t pid = fork();
	int status;

	assert(pid >= 0);
	if (pid == 0) {
		execlp("psql", "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-o", "/dev/null", "-d",
			conninfo, "-c", sql, (char *)NULL);
		_exit(127);
	}
	assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* A new, empty database, and its connection string. */
static inline const char *fixture_database(void)
{
	static int number;
	char sql[128];

	snprintf(sql, sizeof sql, "CREATE DATABASE t%d_%d", (int)getpid(), ++number);
	fixture_sql(fixture.conninfo, sql);
	snprintf(fixture.newest, sizeof fixture.newest, "%s dbname=t%d_%d", fixture.conninfo,
		(int)getpid(), number);
	return fixture.newest;
}

/* A store of a new database whose schema is up to date as of `now_us`. The caller closes it. */
static inline struct store *fixture_migrated(int64_t now_us)
{
	struct store *store = NULL;
	struct store_migration migration;
	enum err err = fixture_open(fixture_database(), &store);

	if (!err)
		err = store_migrate(store, now_us, 1000, &migration);
	assert(!err);
	return store;
}
