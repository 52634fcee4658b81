#include "store/cluster/cluster_dump.h"

#include "store/cluster/cluster_find.h"
#include "store/cluster/cluster_init.h"
#include "store/cluster/cluster_priv.h"

#include <unistd.h>

static const struct cluster_place anywhere = { -1, -1, NULL };

enum err cluster_dump(
	struct arena *arena, const struct cluster_options *options, int out_fd, struct buf *problem)
{
	const struct cluster_place place = { -1, out_fd, NULL };
	const char *bin_dir, *conninfo;
	enum err err = cluster_find_programs(
		arena, options->bin_dir, cluster_path(arena, options), problem, &bin_dir);

	if (!err)
		err = cluster_conninfo(arena, options, &conninfo);
	if (err)
		return err;
	return cluster_program(arena, problem, &place, bin_dir, "pg_dump",
		(const char *const[]){ "-Fc", "-d", conninfo }, 3);
}

enum err cluster_analyze(const struct cluster_server *server)
{
	return cluster_server_run(server, &anywhere, "vacuumdb",
		(const char *const[]){ "--analyze-only", "--quiet" }, 2);
}

/* A dump is of a database, and speaks of roles that belong to the cluster: the one that may read the schema `report`. */
static enum err make_roles(const struct cluster_server *server)
{
	struct str folder = STR_EMPTY;
	enum err err = cluster_socket_folder(server->arena, server->dir, server->problem, &folder);
	const char *const args[] = { "-h", err ? "" : arena_c(server->arena, folder), "-U",
		"bounced", "--no-login", "bounced_report" };

	return err ? err
		   : cluster_program(server->arena, server->problem, &anywhere, server->bin_dir,
			     "createuser", args, ARRAY_LEN(args));
}

enum err cluster_fill(const struct cluster_server *server, int in_fd)
{
	const struct cluster_place place = { in_fd, -1, NULL };
	enum err err = make_roles(server);

	if (!err)
		err = cluster_server_run(server, &place, "pg_restore",
			(const char *const[]){ "--exit-on-error", "--no-owner" }, 2);
	return err ? err : cluster_analyze(server);
}

/* Nothing is synced while it is filled: all of it is, before it is a cluster. */
static enum err fill_beside(struct arena *arena, const struct cluster_options *options,
	const char *work, int in_fd, struct buf *problem)
{
	const struct cluster_options beside = { .dir = work,
		.bin_dir = options->bin_dir,
		.user = options->user,
		.durability = CLUSTER_TEST };
	struct cluster_server server;
	enum err err = cluster_remove(work, problem);

	if (!err)
		err = cluster_server_start(arena, &beside, problem, &server);
	return err ? err : cluster_server_stop(&server, cluster_fill(&server, in_fd));
}

static enum err restore_locked(struct arena *arena, const struct cluster_options *options,
	struct str dir, int in_fd, struct buf *problem)
{
	const char *work = cluster_beside(arena, dir, ".restore").p;
	struct buf ignored = BUF_INIT(1024);
	enum err err;

	if (cluster_exists(arena, dir))
		return cluster_fail(problem, ERR_EXISTS,
			arena_printf(arena,
				"%.*s is there: a dump goes into an empty data folder. Move it "
				"away "
				"first",
				STR_ARG(dir)));
	err = fill_beside(arena, options, work, in_fd, problem);
	if (!err)
		err = cluster_put_in_place(arena, work, dir, problem);
	if (err)
		ERR_IGNORE(cluster_remove(work, &ignored), "the first trouble is told");
	buf_release(&ignored);
	cluster_server_tidy(arena, str_c(work));
	return err;
}

enum err cluster_restore(
	struct arena *arena, const struct cluster_options *options, int in_fd, struct buf *problem)
{
	struct str dir = arena_dup(arena, cluster_path(arena, options));
	enum err err = cluster_check_caller(arena, options, problem);
	int lock_fd;

	if (!err)
		err = cluster_lock(arena, dir, problem, &lock_fd);
	if (err)
		return err;
	err = restore_locked(arena, options, dir, in_fd, problem);
	close(lock_fd);
	return err;
}
