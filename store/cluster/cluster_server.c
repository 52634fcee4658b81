#define _GNU_SOURCE
#include "store/cluster/cluster_server.h"

#include "store/cluster/cluster_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { OUTPUT_BYTES = 64 << 10, OUTPUT_TOLD = 600, POLL_MS = 100, PATIENCE_MS = 3600 * 1000 };

/* ---- programs ---- */

enum err cluster_program(struct arena *arena, struct buf *problem,
	const struct cluster_place *place, const char *bin_dir, const char *program,
	const char *const *args, size_t n)
{
	const char **argv = arena_calloc(arena, n + 1, sizeof *argv);
	struct buf output = BUF_INIT(OUTPUT_BYTES);
	struct str text;
	enum err err;

	argv[0] = arena_printf(arena, "%s/%s", bin_dir, program).p;
	for (size_t i = 0; i < n; i++)
		argv[i + 1] = args[i];
	err = cluster_run_at(
		place, cluster_vector(arena, argv, n + 1), cluster_environment(arena), &output);
	text = str_trim(buf_str(&output));
	if (err && access(argv[0], X_OK))
		buf_printf(problem, "%s is not there", argv[0]);
	else if (err)
		buf_printf(problem, "%s failed: %.*s", program,
			STR_ARG(text.n > OUTPUT_TOLD ? str_skip(text, text.n - OUTPUT_TOLD)
						     : text));
	buf_release(&output);
	return err;
}

enum err cluster_server_run(const struct cluster_server *server, const struct cluster_place *place,
	const char *program, const char *const *args, size_t n)
{
	const char **all = arena_calloc(server->arena, n + 2, sizeof *all);

	for (size_t i = 0; i < n; i++)
		all[i] = args[i];
	all[n] = "-d";
	all[n + 1] = server->plan.conninfo;
	return cluster_program(
		server->arena, server->problem, place, server->bin_dir, program, all, n + 2);
}

/* ---- the server ---- */

static const char *log_path(struct arena *arena, struct str dir)
{
	return cluster_beside(arena, dir, ".log").p;
}

static enum err spawn(struct cluster_server *server)
{
	posix_spawn_file_actions_t actions;
	const char *log = log_path(server->arena, server->dir);
	int code;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(
		&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO);
	code = posix_spawn(&server->pid, server->plan.program, &actions, NULL, server->plan.argv,
		server->plan.envp);
	posix_spawn_file_actions_destroy(&actions);
	if (code)
		buf_printf(server->problem, "cannot start %s: %s", server->plan.program,
			strerror(code));
	return code ? ERR_IO : ERR_OK;
}

static bool answers(const struct cluster_server *server)
{
	const char *program = arena_printf(server->arena, "%s/pg_isready", server->bin_dir).p;
	const char *const argv[] = { program, "-q", "-d", server->plan.conninfo };
	struct buf output = BUF_INIT(1024);
	enum err err = cluster_run(
		cluster_vector(server->arena, argv, ARRAY_LEN(argv)), server->plan.envp, &output);

	buf_release(&output);
	return !err;
}

/* A server that was killed recovers first, which may take its time. */
static enum err wait_until_it_answers(struct cluster_server *server)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

	for (int waited_ms = 0; waited_ms < PATIENCE_MS; waited_ms += POLL_MS) {
		if (answers(server))
			return ERR_OK;
		if (waitpid(server->pid, NULL, WNOHANG) == server->pid) {
			server->pid = 0;
			buf_printf(server->problem, "PostgreSQL does not start; it says why in %s",
				log_path(server->arena, server->dir));
			return ERR_IO;
		}
		nanosleep(&pause, NULL);
	}
	buf_printf(server->problem, "PostgreSQL does not answer; look at %s",
		log_path(server->arena, server->dir));
	return ERR_TIMEOUT;
}

enum err cluster_server_start(struct arena *arena, const struct cluster_options *options,
	struct buf *problem, struct cluster_server *ret_server)
{
	struct cluster_server server = { .arena = arena, .problem = problem };
	enum err err = cluster_prepare(arena, options, problem, &server.plan);

	if (err)
		return err;
	server.dir = arena_dup(arena, cluster_path(arena, options));
	server.bin_dir = arena_c(arena,
		str_head(str_c(server.plan.program), str_rchr(str_c(server.plan.program), '/')));
	err = spawn(&server);
	if (!err)
		err = wait_until_it_answers(&server);
	if (err)
		return cluster_server_stop(&server, err);
	*ret_server = server;
	return ERR_OK;
}

enum err cluster_server_stop(struct cluster_server *server, enum err err)
{
	int status = 0;

	if (server->pid) {
		kill(server->pid, SIGINT); /* a fast shutdown */
		while (waitpid(server->pid, &status, 0) < 0 && errno == EINTR)
			;
		if (!WIFEXITED(status) || WEXITSTATUS(status))
			err = err ? err
				  : cluster_fail(server->problem, ERR_IO,
					    STR("PostgreSQL did not end as it should"));
	}
	server->pid = 0;
	close(server->plan.lock_fd);
	if (!err)
		unlink(log_path(server->arena, server->dir));
	return err;
}

void cluster_server_tidy(struct arena *arena, struct str dir)
{
	unlink(cluster_beside(arena, dir, ".lock").p);
	rmdir(cluster_beside(arena, dir, ".sock").p);
}
