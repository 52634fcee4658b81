#define _GNU_SOURCE
#include "spool/folder.h"

#include "core/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not "path/..", which would be another one where the path is a symbolic link. */
static const char *parent_of(struct arena *arena, struct str path)
{
	size_t slash;

	while (path.n > 1 && path.p[path.n - 1] == '/')
		path.n--;
	slash = str_rchr(path, '/');
	if (slash == STR_NPOS)
		return ".";
	return slash ? arena_c(arena, str_head(path, slash)) : "/";
}

static enum err sync_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err = ERR_OK;

	if (fd < 0)
		return errno == EACCES || errno == EPERM ? ERR_OK : err_from_errno(errno);
	/* Some file systems cannot sync a folder, and say so. */
	if (fsync(fd) && errno != EINVAL && errno != EROFS)
		err = err_from_errno(errno);
	close(fd);
	return err;
}

enum err folder_make(const char *path, mode_t mode)
{
	struct arena *arena = arena_new();
	enum err err = ERR_OK;

	if (mkdir(path, mode) && errno != EEXIST)
		err = err_from_errno(errno);
	if (!err)
		err = sync_folder(parent_of(arena, str_c(path)));
	arena_free(arena);
	return err;
}
