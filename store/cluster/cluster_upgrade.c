#define _GNU_SOURCE /* O_TMPFILE, renameat2 */
#include "store/cluster/cluster_upgrade.h"

#include "store/cluster/cluster_dump.h"
#include "store/cluster/cluster_find.h"
#include "store/cluster/cluster_init.h"
#include "store/cluster/cluster_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct str way_names[CLUSTER_WAY_COUNT] = {
	[CLUSTER_BY_EITHER] = STR_INIT("either"),
	[CLUSTER_BY_PG_UPGRADE] = STR_INIT("pg_upgrade"),
	[CLUSTER_BY_DUMP] = STR_INIT("dump"),
};

struct str cluster_way_name(enum cluster_way way)
{
	return way_names[way];
}

bool cluster_way_from_name(struct str name, enum cluster_way *ret_way)
{
	for (int way = 0; way < CLUSTER_WAY_COUNT; way++)
		if (str_eq(name, way_names[way])) {
			*ret_way = (enum cluster_way)way;
			return true;
		}
	return false;
}

struct work {
	struct arena *arena;
	const struct cluster_options *options;
	struct buf *problem;
	struct str dir, beside, kept; /* DIR, DIR.upgrade, DIR.VERSION */
	const char *from_bin_dir, *to_bin_dir;
	unsigned from, to;
	int lock_fd;
};

/* ---- which programs ---- */

static enum err find_old(struct work *w, const struct cluster_upgrade *upgrade)
{
	const char *configured = w->options->bin_dir;
	enum err err = cluster_data_major(w->arena, w->dir, w->problem, &w->from);

	if (err)
		return err;
	if (!w->from)
		return cluster_fail(w->problem, ERR_NOT_FOUND,
			arena_printf(w->arena, "there is no cluster in %.*s", STR_ARG(w->dir)));
	w->from_bin_dir = upgrade->from_bin_dir;
	if (!w->from_bin_dir && configured && *configured &&
		cluster_program_major(w->arena, configured) == w->from)
		w->from_bin_dir = configured;
	if (!w->from_bin_dir)
		w->from_bin_dir = cluster_find_major(w->arena, w->from);
	if (w->from_bin_dir && cluster_program_major(w->arena, w->from_bin_dir) == w->from)
		return ERR_OK;
	return cluster_fail(w->problem, ERR_NOT_FOUND,
		arena_printf(w->arena,
			"the cluster is of PostgreSQL %u, whose programs are needed once more to "
			"read it: install PostgreSQL %u beside the new one, or say --from FOLDER",
			w->from, w->from));
}

static enum err find_new(struct work *w, const struct cluster_upgrade *upgrade)
{
	const char *configured = w->options->bin_dir;
	enum err err = ERR_OK;

	w->to_bin_dir = upgrade->to_bin_dir;
	if (!w->to_bin_dir && configured && *configured &&
		cluster_program_major(w->arena, configured) > w->from)
		w->to_bin_dir = configured;
	if (!w->to_bin_dir)
		err = cluster_find_newest(w->arena, w->problem, &w->to_bin_dir);
	if (err)
		return err;
	w->to = cluster_program_major(w->arena, w->to_bin_dir);
	if (!w->to)
		return cluster_fail(w->problem, ERR_NOT_FOUND,
			arena_printf(w->arena, "%s does not hold the programs of PostgreSQL",
				w->to_bin_dir));
	if (w->to < w->from)
		return cluster_fail(w->problem, ERR_RANGE,
			arena_printf(w->arena,
				"the cluster is of PostgreSQL %u, and %s of %u: there is no way "
				"back but a dump of before",
				w->from, w->to_bin_dir, w->to));
	return ERR_OK;
}

/* ---- the new cluster ---- */

/* An upgrade that was cut short when the two had changed places already: only the name of the old one is missing. */
static enum err finish_names(struct work *w)
{
	const char *beside = arena_c(w->arena, w->beside), *kept;
	unsigned left = 0;
	struct buf ignored = BUF_INIT(1024);
	enum err err = cluster_data_major(w->arena, w->beside, &ignored, &left);

	buf_release(&ignored);
	if (err || !left || left >= w->from)
		return ERR_OK;
	kept = arena_printf(w->arena, "%.*s.%u", STR_ARG(w->dir), left).p;
	if (renameat2(AT_FDCWD, beside, AT_FDCWD, kept, RENAME_NOREPLACE) == 0)
		return ERR_OK;
	return cluster_fail(w->problem, err_from_errno(errno),
		arena_printf(w->arena, "%s is an old cluster of PostgreSQL %u: move it away",
			beside, left));
}

static struct cluster_options options_of(const struct work *w, struct str dir, const char *bin_dir,
	enum cluster_durability durability)
{
	return (struct cluster_options){ .dir = arena_c(w->arena, dir),
		.bin_dir = bin_dir,
		.user = w->options->user,
		.durability = durability,
		.held_fd = str_eq(dir, w->dir) ? w->lock_fd : 0 };
}

/* pg_upgrade wants clusters that were stopped as they should be, which one that was killed was not. */
static enum err settle_old(struct work *w)
{
	struct cluster_options options =
		options_of(w, w->dir, w->from_bin_dir, w->options->durability);
	struct cluster_server server;
	enum err err = cluster_server_start(w->arena, &options, w->problem, &server);

	return err ? err : cluster_server_stop(&server, ERR_OK);
}

static enum err make_new(struct work *w)
{
	const struct cluster_init init = { .dir = w->beside,
		.bin_dir = w->to_bin_dir,
		.envp = cluster_environment(w->arena),
		.problem = w->problem };
	enum err err = cluster_remove(arena_c(w->arena, w->beside), w->problem);

	if (!err)
		err = cluster_init(w->arena, &init);
	return err ? err : cluster_write_access(w->arena, w->beside, w->problem);
}

static enum err start_new(struct work *w, struct cluster_server *ret_server)
{
	struct cluster_options options = options_of(w, w->beside, w->to_bin_dir, CLUSTER_TEST);

	return cluster_server_start(w->arena, &options, w->problem, ret_server);
}

/* ---- the two ways ---- */

static enum err by_pg_upgrade(struct work *w)
{
	struct str folder = STR_EMPTY;
	const struct cluster_place place = { -1, -1, arena_c(w->arena, w->beside) };
	struct cluster_server server;
	enum err err = cluster_socket_folder(w->arena, w->dir, w->problem, &folder);
	const char *const args[] = { "-b", w->from_bin_dir, "-B", w->to_bin_dir, "-d",
		arena_c(w->arena, w->dir), "-D", arena_c(w->arena, w->beside), "-U", "bounced",
		"-s", err ? "" : arena_c(w->arena, folder) };

	if (!err)
		err = cluster_program(w->arena, w->problem, &place, w->to_bin_dir, "pg_upgrade",
			args, ARRAY_LEN(args));
	if (!err)
		err = start_new(w, &server);
	return err ? err : cluster_server_stop(&server, cluster_analyze(&server));
}

/* The newer pg_dump knows how the older server's objects are to be said to the newer one. */
static enum err dump_old(struct work *w, int fd)
{
	const struct cluster_place place = { -1, fd, NULL };
	struct cluster_options options =
		options_of(w, w->dir, w->from_bin_dir, w->options->durability);
	struct cluster_server server;
	enum err err = cluster_server_start(w->arena, &options, w->problem, &server);

	if (err)
		return err;
	server.bin_dir = w->to_bin_dir;
	return cluster_server_stop(&server,
		cluster_server_run(&server, &place, "pg_dump", (const char *const[]){ "-Fc" }, 1));
}

static enum err by_dump(struct work *w)
{
	size_t slash = str_rchr(w->dir, '/');
	int fd = open(arena_c(w->arena, str_head(w->dir, slash ? slash : 1)),
		O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct cluster_server server;
	enum err err = ERR_OK;

	if (fd < 0)
		return cluster_fail(w->problem, err_from_errno(errno),
			arena_printf(w->arena, "no file for a dump beside %.*s: %s",
				STR_ARG(w->dir), strerror(errno)));
	err = dump_old(w, fd);
	if (!err && lseek(fd, 0, SEEK_SET) < 0)
		err = ERR_IO;
	if (!err)
		err = start_new(w, &server);
	if (!err)
		err = cluster_server_stop(&server, cluster_fill(&server, fd));
	close(fd);
	return err;
}

static enum err try_ways(struct work *w, struct cluster_upgraded *upgraded)
{
	enum err err = settle_old(w);

	if (!err)
		err = make_new(w);
	if (err)
		return err;
	if (upgraded->way != CLUSTER_BY_DUMP) {
		err = by_pg_upgrade(w);
		if (!err || upgraded->way == CLUSTER_BY_PG_UPGRADE) {
			upgraded->way = CLUSTER_BY_PG_UPGRADE;
			return err;
		}
		upgraded->why = arena_c(w->arena, arena_dup(w->arena, buf_str(w->problem)));
		buf_reset(w->problem);
		err = make_new(w);
	}
	upgraded->way = CLUSTER_BY_DUMP;
	return err ? err : by_dump(w);
}

/* ---- the change ---- */

/* At no moment is there no cluster in DIR: a start would make an empty one there. */
static enum err change_places(struct work *w)
{
	const char *dir = arena_c(w->arena, w->dir), *beside = arena_c(w->arena, w->beside);
	int fd = open(beside, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && syncfs(fd) == 0 &&
		    renameat2(AT_FDCWD, beside, AT_FDCWD, dir, RENAME_EXCHANGE) == 0 &&
		    cluster_sync_names(w->arena, w->dir) &&
		    rename(beside, arena_c(w->arena, w->kept)) == 0 &&
		    cluster_sync_names(w->arena, w->dir);
	int code = errno;

	if (fd >= 0)
		close(fd);
	cluster_server_tidy(w->arena, w->beside);
	return good ? ERR_OK
		    : cluster_fail(w->problem, err_from_errno(code),
			      arena_printf(w->arena, "%s and %s cannot change places: %s", dir,
				      beside, strerror(code)));
}

static enum err upgrade_locked(struct work *w, struct cluster_upgraded *upgraded)
{
	struct buf ignored = BUF_INIT(1024);
	enum err err;

	w->kept = arena_printf(w->arena, "%.*s.%u", STR_ARG(w->dir), w->from);
	if (cluster_exists(w->arena, w->kept))
		return cluster_fail(w->problem, ERR_EXISTS,
			arena_printf(w->arena, "%.*s is there already: move it away first",
				STR_ARG(w->kept)));
	upgraded->kept = arena_c(w->arena, w->kept);
	err = try_ways(w, upgraded);
	if (!err)
		return change_places(w);
	ERR_IGNORE(cluster_remove(arena_c(w->arena, w->beside), &ignored), "the first is told");
	buf_release(&ignored);
	cluster_server_tidy(w->arena, w->beside);
	return err;
}

static enum err find_and_upgrade(
	struct work *w, const struct cluster_upgrade *upgrade, struct cluster_upgraded *upgraded)
{
	enum err err = find_old(w, upgrade);

	if (!err)
		err = finish_names(w);
	if (!err)
		err = find_new(w, upgrade);
	if (!err && w->to != w->from)
		err = upgrade_locked(w, upgraded);
	return err;
}

enum err cluster_upgrade(struct arena *arena, const struct cluster_options *options,
	const struct cluster_upgrade *upgrade, struct buf *problem,
	struct cluster_upgraded *ret_upgraded)
{
	struct cluster_upgraded upgraded = { .way = upgrade->way };
	struct work w = { .arena = arena, .options = options, .problem = problem };
	enum err err = cluster_check_caller(arena, options, problem);

	w.dir = arena_dup(arena, cluster_path(arena, options));
	w.beside = cluster_beside(arena, w.dir, ".upgrade");
	if (!err)
		err = cluster_lock(arena, w.dir, problem, &w.lock_fd);
	if (err)
		return err;
	err = find_and_upgrade(&w, upgrade, &upgraded);
	close(w.lock_fd);
	if (err)
		return err;
	upgraded.from = w.from;
	upgraded.to = w.to;
	*ret_upgraded = upgraded;
	return ERR_OK;
}

enum err cluster_drop_old(struct arena *arena, const struct cluster_options *options,
	struct buf *problem, unsigned *ret_n)
{
	struct str dir = arena_dup(arena, cluster_path(arena, options));
	unsigned now = 0, n = 0;
	enum err err = cluster_data_major(arena, dir, problem, &now);

	for (unsigned major = CLUSTER_MIN_MAJOR; major < now && !err; major++) {
		struct str kept = arena_printf(arena, "%.*s.%u", STR_ARG(dir), major);

		if (!cluster_exists(arena, kept))
			continue;
		err = cluster_remove(arena_c(arena, kept), problem);
		n += !err;
	}
	if (!err)
		*ret_n = n;
	return err;
}
