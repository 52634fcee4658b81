#include "store/cluster/cluster.h"

#include "store/cluster/cluster_find.h"
#include "store/cluster/cluster_init.h"
#include "store/cluster/cluster_priv.h"
#include "store/cluster/cluster_run.h"
#include "store/cluster/cluster_stale.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum err cluster_fail(struct buf *problem, enum err err, struct str sentence)
{
	buf_put(problem, sentence);
	return err;
}

/* ---- names ---- */

static struct str absolute(struct arena *arena, const char *dir)
{
	char *working;
	struct str path = str_c(dir);

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	if (str_starts(path, STR("/")))
		return path;
	if (str_starts(path, STR("./")))
		path = str_skip(path, 2);
	working = getcwd(NULL, 0);
	path = arena_printf(arena, "%s/%.*s", working ? working : "", STR_ARG(path));
	free(working);
	return path;
}

struct str cluster_path(struct arena *arena, const struct cluster_options *options)
{
	return absolute(arena, options->dir);
}

struct str cluster_beside(struct arena *arena, struct str dir, const char *suffix)
{
	return arena_printf(arena, "%.*s%s", STR_ARG(dir), suffix);
}

/* Where clients of a cluster in `dir` look for the socket. The name of the socket in it adds
 * "/.s.PGSQL.5432" and a NUL; a comma would part two hosts of a connection string. */
static struct str socket_dir(struct arena *arena, struct str dir)
{
	struct str path = cluster_beside(arena, dir, ".sock");
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	if (path.n + sizeof "/.s.PGSQL.5432" <= sizeof((struct sockaddr_un *)NULL)->sun_path &&
		str_chr(path, ',') == STR_NPOS)
		return path;
	for (size_t i = 0; i < dir.n; i++)
		hash = (hash ^ (unsigned char)dir.p[i]) * UINT64_C(0x100000001b3);
	return arena_printf(arena, "/tmp/bounced-%016llx", (unsigned long long)hash);
}

/* `value` between two of `quote`, each byte of `escaped` in it behind `escape`. */
static struct str quoted(
	struct arena *arena, struct str value, char quote, const char *escaped, char escape)
{
	struct buf out = BUF_INIT(4 * PATH_MAX);
	struct str result;

	buf_putc(&out, quote);
	for (size_t i = 0; i < value.n; i++) {
		if (str_chr(str_c(escaped), value.p[i]) != STR_NPOS)
			buf_putc(&out, escape);
		buf_putc(&out, value.p[i]);
	}
	buf_putc(&out, quote);
	result = arena_dup(arena, buf_str(&out));
	buf_release(&out);
	return result;
}

/* A value of a connection string. */
static struct str conninfo_value(struct arena *arena, struct str value)
{
	return quoted(arena, value, '\'', "'\\", '\\');
}

/* An element of a setting that is a list: a comma or a space in a folder's name is part of it. */
static struct str list_element(struct arena *arena, struct str value)
{
	return quoted(arena, value, '"', "\"", '"');
}

/* The passwd entry of the service user; its texts are static until the next call. */
static const struct passwd *service_user(const struct cluster_options *options)
{
	return options->user ? getpwnam(options->user) : getpwuid(geteuid());
}

enum err cluster_conninfo(
	struct arena *arena, const struct cluster_options *options, const char **ret_conninfo)
{
	struct str dir = absolute(arena, options->dir);
	const struct passwd *user = service_user(options);

	if (dir.n > PATH_MAX - 16)
		return ERR_LIMIT;
	if (!user)
		return ERR_NOT_FOUND;
	*ret_conninfo = arena_printf(arena, "host=%s dbname=postgres user=bounced requirepeer=%s",
		conninfo_value(arena, socket_dir(arena, dir)).p,
		conninfo_value(arena, str_c(user->pw_name)).p)
				.p;
	return ERR_OK;
}

/* ---- folders ---- */

bool cluster_exists(struct arena *arena, struct str path)
{
	struct stat st;

	return lstat(arena_c(arena, path), &st) == 0;
}

/* A folder of ours alone, made or found. One in /tmp that somebody else made is refused. */
static enum err own_folder(struct arena *arena, const char *path, struct buf *problem)
{
	struct stat st;

	if (mkdir(path, 0700) && errno != EEXIST)
		return cluster_fail(problem, err_from_errno(errno),
			arena_printf(
				arena, "cannot make the folder %s: %s", path, strerror(errno)));
	if (lstat(path, &st) || !S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
		(st.st_mode & 077))
		return cluster_fail(problem, ERR_DENIED,
			arena_printf(arena,
				"%s is there and is not a folder of this user alone (mode 0700): "
				"remove it or choose another data folder",
				path));
	return ERR_OK;
}

enum err cluster_socket_folder(
	struct arena *arena, struct str dir, struct buf *problem, struct str *ret_folder)
{
	struct str folder = socket_dir(arena, dir);
	enum err err = own_folder(arena, arena_c(arena, folder), problem);

	if (!err)
		*ret_folder = folder;
	return err;
}

/* The descriptor goes on through exec on purpose: the server holds the lock as long as it lives. */
enum err cluster_lock(struct arena *arena, struct str dir, struct buf *problem, int *ret_fd)
{
	const char *path = cluster_beside(arena, dir, ".lock").p;
	int fd = open(path, O_RDWR | O_CREAT, 0600);

	if (fd < 0)
		return cluster_fail(problem, err_from_errno(errno),
			arena_printf(arena, "cannot open %s: %s", path, strerror(errno)));
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return cluster_fail(problem, ERR_CONFLICT,
			arena_printf(arena, "%.*s is in use by another process: stop it first",
				STR_ARG(dir)));
	}
	*ret_fd = fd;
	return ERR_OK;
}

/* ---- the cluster ---- */

enum err cluster_check_caller(
	struct arena *arena, const struct cluster_options *options, struct buf *problem)
{
	if (geteuid() == 0)
		return cluster_fail(problem, ERR_DENIED,
			STR("PostgreSQL does not run as root: start as another user or set "
			    "server.user"));
	if (!getpwuid(geteuid()))
		return cluster_fail(problem, ERR_DENIED,
			arena_printf(arena,
				"user id %u has no passwd entry, which PostgreSQL's initdb needs: "
				"add one or set database.url",
				(unsigned)geteuid()));
	if (absolute(arena, options->dir).n > PATH_MAX - 16)
		return cluster_fail(
			problem, ERR_LIMIT, STR("the path of the data folder is too long"));
	return ERR_OK;
}

static const char *home_of(struct arena *arena)
{
	const struct passwd *user = getpwuid(geteuid());

	return arena_c(arena, str_c(user && user->pw_dir ? user->pw_dir : "/"));
}

/* Nothing of ours travels to PostgreSQL: no secrets, and no PG* variable that would change it. */
char *const *cluster_environment(struct arena *arena)
{
	const char *const env[] = { "PATH=/usr/local/bin:/usr/bin:/bin",
		arena_printf(arena, "HOME=%s", home_of(arena)).p, "LC_ALL=C", "TZ=UTC" };

	return cluster_vector(arena, env, ARRAY_LEN(env));
}

/* Each page that is written the first time after a checkpoint goes into the log whole, compressed: by PostgreSQL's own pglz that is
 * half the processor time of rows that fall anywhere in an index, by LZ4 a tenth of it. Not each build has that. */
static const char *wal_compression(
	struct arena *arena, const char *program, struct str dir, char *const *envp)
{
	static const char lz4[] = "wal_compression=lz4";
	const char *const argv[] = { program, "-D", arena_c(arena, dir), "-C", "wal_compression",
		"-c", lz4 };
	struct buf output = BUF_INIT(1024);
	enum err err = cluster_run(cluster_vector(arena, argv, ARRAY_LEN(argv)), envp, &output);

	buf_release(&output);
	return err ? "wal_compression=on" : lz4;
}

static char *const *server_arguments(struct arena *arena, const struct cluster_plan *plan,
	struct str dir, enum cluster_durability durability)
{
	const char *const settings[] = { "listen_addresses=", "dynamic_shared_memory_type=mmap",
		"jit=off", "shared_buffers=128MB", "max_wal_size=2GB",
		/* a receiver of WAL that is gone for good must not fill the disk */
		"max_slot_wal_keep_size=8GB", "effective_io_concurrency=32", "log_checkpoints=off",
		"log_timezone=UTC", wal_compression(arena, plan->program, dir, plan->envp) };
	static const char *const test_settings[] = { "fsync=off", "synchronous_commit=off",
		"full_page_writes=off" };
	size_t n_test = durability == CLUSTER_TEST ? ARRAY_LEN(test_settings) : 0, n = 0;
	const char **argv =
		arena_calloc(arena, 2 * (ARRAY_LEN(settings) + n_test) + 8, sizeof *argv);

	argv[n++] = plan->program;
	argv[n++] = "-D";
	argv[n++] = arena_c(arena, dir);
	argv[n++] = "-c";
	argv[n++] = arena_printf(
		arena, "unix_socket_directories=%s", list_element(arena, socket_dir(arena, dir)).p)
			    .p;
	for (size_t i = 0; i < ARRAY_LEN(settings) + n_test; i++) {
		argv[n++] = "-c";
		argv[n++] = i < ARRAY_LEN(settings) ? settings[i]
						    : test_settings[i - ARRAY_LEN(settings)];
	}
	return cluster_vector(arena, argv, n);
}

/* PostgreSQL takes no such id for another server's: what pg_ctl says of itself. What still uses the memory of the last server is
 * looked for all the same. */
static char *const *server_environment(struct arena *arena, struct str dir)
{
	struct str stale = cluster_stale_pid(arena, dir);
	char *const *plain = cluster_environment(arena);
	const char **more;
	size_t n = 0;

	if (!stale.n)
		return plain;
	while (plain[n])
		n++;
	more = arena_calloc(arena, n + 1, sizeof *more);
	for (size_t i = 0; i < n; i++)
		more[i] = plain[i];
	more[n] = arena_printf(arena, "PG_GRANDPARENT_PID=%.*s", STR_ARG(stale)).p;
	return cluster_vector(arena, more, n + 1);
}

static enum err make_plan(struct arena *arena, const struct cluster_options *options,
	struct str dir, const char *bin_dir, struct cluster_plan *plan)
{
	plan->program = arena_printf(arena, "%s/postgres", bin_dir).p;
	plan->envp = server_environment(arena, dir);
	plan->argv = server_arguments(arena, plan, dir, options->durability);
	return cluster_conninfo(arena, options, &plan->conninfo);
}

static enum err prepare_locked(struct arena *arena, const struct cluster_options *options,
	struct str dir, struct buf *problem, struct cluster_plan *plan)
{
	struct cluster_init init = { .dir = dir, .problem = problem };
	struct str folder;
	const char *bin_dir = NULL;
	enum err err = cluster_find_programs(arena, options->bin_dir, dir, problem, &bin_dir);

	if (err)
		return err;
	init.bin_dir = bin_dir;
	init.envp = cluster_environment(arena);
	if (!cluster_exists(arena, dir))
		err = cluster_init(arena, &init);
	if (!err)
		err = cluster_write_access(arena, dir, problem);
	if (!err)
		err = cluster_socket_folder(arena, dir, problem, &folder);
	return err ? err : make_plan(arena, options, dir, bin_dir, plan);
}

enum err cluster_prepare(struct arena *arena, const struct cluster_options *options,
	struct buf *problem, struct cluster_plan *ret_plan)
{
	struct cluster_plan plan = { .lock_fd = -1 };
	enum err err = cluster_check_caller(arena, options, problem);
	struct str dir;

	if (err)
		return err;
	dir = arena_dup(arena, absolute(arena, options->dir));
	if (options->held_fd)
		plan.lock_fd = dup(options->held_fd); /* one lock, as long as either is open */
	else
		err = cluster_lock(arena, dir, problem, &plan.lock_fd);
	if (err)
		return err;
	err = prepare_locked(arena, options, dir, problem, &plan);
	if (err) {
		close(plan.lock_fd);
		return err;
	}
	*ret_plan = plan;
	return ERR_OK;
}
