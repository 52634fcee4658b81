#include "store/cluster/cluster_stale.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_LINES_BYTES = 64, PID_MAX_DIGITS = 10 };

static struct str read_start(struct arena *arena, const char *path)
{
	char *room = arena_alloc(arena, FIRST_LINES_BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n = fd < 0 ? -1 : read(fd, room, FIRST_LINES_BYTES);

	if (fd >= 0)
		close(fd);
	return n < 0 ? STR_EMPTY : str_from(room, (size_t)n);
}

/* A server works in its data folder. Of a process whose folder may not be looked at, its name decides. */
static bool is_server_of(struct arena *arena, struct str pid, struct str dir)
{
	struct str name =
		str_trim(read_start(arena, arena_printf(arena, "/proc/%.*s/comm", STR_ARG(pid)).p));
	struct stat works, data;

	if (!str_eq(name, STR("postgres")))
		return false;
	return stat(arena_printf(arena, "/proc/%.*s/cwd", STR_ARG(pid)).p, &works) ||
	       stat(arena_c(arena, dir), &data) ||
	       (works.st_dev == data.st_dev && works.st_ino == data.st_ino);
}

struct str cluster_stale_pid(struct arena *arena, struct str dir)
{
	struct str text =
		read_start(arena, arena_printf(arena, "%.*s/postmaster.pid", STR_ARG(dir)).p);
	struct str pid, rest;
	uint64_t number;

	if (!str_cut(text, '\n', &pid, &rest))
		return STR_EMPTY;
	pid = str_trim(pid);
	if (pid.n > PID_MAX_DIGITS || !str_to_u64(pid, INT32_MAX, &number) ||
		is_server_of(arena, pid, dir))
		return STR_EMPTY;
	return pid;
}
