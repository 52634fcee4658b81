#define _GNU_SOURCE /* syncfs, nftw */
#include "store/cluster/cluster_init.h"

#include "store/cluster/cluster_run.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RUN_OUTPUT_BYTES = 16 << 10 };

/* ---- making the folder ---- */

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* DIR.new and the like can only be what an earlier attempt left unfinished: DIR never had that name. */
enum err cluster_remove(const char *path, struct buf *problem)
{
	if (access(path, F_OK) && errno == ENOENT)
		return ERR_OK;
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0)
		return ERR_OK;
	buf_printf(problem, "cannot remove %s, left by an unfinished attempt: %s", path,
		strerror(errno));
	return ERR_IO;
}

static enum err run_initdb(struct arena *arena, const struct cluster_init *init, const char *path)
{
	const char *program = arena_printf(arena, "%s/initdb", init->bin_dir).p;
	/* C locale: no index breaks when the system's collations change. */
	const char *const argv[] = { program, "-D", path, "-U", "bounced", "--auth=peer", "-E",
		"UTF8", "--locale=C", "-k", "--no-sync", "--no-instructions" };
	struct buf output = BUF_INIT(RUN_OUTPUT_BYTES);
	enum err err =
		cluster_run(cluster_vector(arena, argv, ARRAY_LEN(argv)), init->envp, &output);
	struct str text = str_trim(buf_str(&output));

	if (err)
		buf_printf(init->problem, "initdb failed: %.*s",
			STR_ARG(text.n > 400 ? str_skip(text, text.n - 400) : text));
	buf_release(&output);
	return err;
}

static bool sync_path(const char *path, int (*sync_fd)(int))
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool good = fd >= 0 && sync_fd(fd) == 0;

	if (fd >= 0)
		close(fd);
	return good;
}

static const char *parent_of(struct arena *arena, struct str dir)
{
	size_t slash = str_rchr(dir, '/');

	return slash == STR_NPOS || slash == 0 ? "/" : arena_c(arena, str_head(dir, slash));
}

bool cluster_sync_names(struct arena *arena, struct str dir)
{
	return sync_path(parent_of(arena, dir), fsync);
}

/* One sync of the file system instead of one for each of a thousand files. */
enum err cluster_put_in_place(
	struct arena *arena, const char *path, struct str dir, struct buf *problem)
{
	if (sync_path(path, syncfs) && rename(path, arena_c(arena, dir)) == 0 &&
		cluster_sync_names(arena, dir))
		return ERR_OK;
	buf_printf(
		problem, "cannot finish the data folder %.*s: %s", STR_ARG(dir), strerror(errno));
	return err_from_errno(errno);
}

enum err cluster_init(struct arena *arena, const struct cluster_init *init)
{
	const char *unfinished = arena_printf(arena, "%.*s.new", STR_ARG(init->dir)).p;
	enum err err = cluster_remove(unfinished, init->problem);

	if (!err)
		err = run_initdb(arena, init, unfinished);
	return err ? err : cluster_put_in_place(arena, unfinished, init->dir, init->problem);
}

/* ---- who may come in ---- */

static enum err write_file(
	struct arena *arena, struct str dir, const char *name, struct str text, struct buf *problem)
{
	const char *path = arena_printf(arena, "%.*s/%s", STR_ARG(dir), name).p;
	const char *unfinished = arena_printf(arena, "%s.new", path).p;
	FILE *file = fopen(unfinished, "we");
	bool good = file && fwrite(text.p, 1, text.n, file) == text.n;

	if (file && fclose(file))
		good = false;
	if (good && rename(unfinished, path) == 0)
		return ERR_OK;
	buf_printf(problem, "cannot write %s: %s", path, strerror(errno));
	return err_from_errno(errno);
}

enum err cluster_write_access(struct arena *arena, struct str dir, struct buf *problem)
{
	const struct passwd *user = getpwuid(geteuid());
	enum err err;

	err = write_file(arena, dir, "pg_hba.conf",
		STR("# Written at every start. The Unix socket alone, and only whom pg_ident.conf "
		    "maps.\n"
		    "local all bounced peer map=bounced\n"
		    "local replication bounced peer map=bounced\n"),
		problem);
	if (err)
		return err;
	return write_file(arena, dir, "pg_ident.conf",
		arena_printf(arena,
			"# Written at every start.\nbounced root bounced\nbounced \"%s\" bounced\n",
			user ? user->pw_name : "bounced"),
		problem);
}
