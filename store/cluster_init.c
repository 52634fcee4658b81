#define _GNU_SOURCE /* pipe2, syncfs, nftw */
#include "store/cluster_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pwd.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RUN_OUTPUT_BYTES = 16 << 10 };

/* ---- running a program ---- */

char *const *cluster_vector(struct arena *arena, const char *const *texts, size_t n)
{
	char **vector = arena_calloc(arena, n + 1, sizeof *vector);

	for (size_t i = 0; i < n; i++) {
		size_t bytes = strlen(texts[i]) + 1;

		vector[i] = memcpy(arena_alloc(arena, bytes), texts[i], bytes);
	}
	return vector;
}

static void read_output(int fd, struct buf *output)
{
	char room[1024];
	ssize_t n;

	while ((n = read(fd, room, sizeof room)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0)
			buf_put(output, str_from(room, (size_t)n));
}

static enum err wait_for(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return ERR_IO;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? ERR_OK : ERR_IO;
}

enum err cluster_run(char *const *argv, char *const *envp, struct buf *output)
{
	posix_spawn_file_actions_t actions;
	enum err err = ERR_IO;
	int ends[2];
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC))
		return ERR_IO;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
	if (posix_spawn(&pid, argv[0], &actions, NULL, argv, envp) == 0) {
		close(ends[1]);
		read_output(ends[0], output);
		err = wait_for(pid);
	} else {
		close(ends[1]);
	}
	close(ends[0]);
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

/* ---- making the folder ---- */

static int remove_entry(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

/* DIR.new can only be what an earlier start left unfinished: DIR never had that name. */
static enum err remove_unfinished(const char *path, struct buf *problem)
{
	if (access(path, F_OK) && errno == ENOENT)
		return ERR_OK;
	if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) == 0)
		return ERR_OK;
	buf_printf(problem, "cannot remove %s, left by an unfinished start: %s", path,
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

enum err cluster_init(struct arena *arena, const struct cluster_init *init)
{
	const char *unfinished = arena_printf(arena, "%.*s.new", STR_ARG(init->dir)).p;
	enum err err = remove_unfinished(unfinished, init->problem);

	if (!err)
		err = run_initdb(arena, init, unfinished);
	if (err)
		return err;
	/* One sync of the file system instead of one for each of a thousand files. */
	if (sync_path(unfinished, syncfs) && rename(unfinished, arena_c(arena, init->dir)) == 0 &&
		sync_path(parent_of(arena, init->dir), fsync))
		return ERR_OK;
	buf_printf(init->problem, "cannot finish the data folder %.*s: %s", STR_ARG(init->dir),
		strerror(errno));
	return err_from_errno(errno);
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
		    "local all bounced peer map=bounced\n"),
		problem);
	if (err)
		return err;
	return write_file(arena, dir, "pg_ident.conf",
		arena_printf(arena,
			"# Written at every start.\nbounced root bounced\nbounced \"%s\" bounced\n",
			user ? user->pw_name : "bounced"),
		problem);
}
