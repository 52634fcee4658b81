#define _GNU_SOURCE /* F_OFD_SETLK: a lock of the open file, not of the process */
#include "serve/folder_lock.h"

#include "serve/role.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CELL_BYTES = 16 };

static struct flock cell_of(enum role_id role)
{
	return (struct flock){ .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)role * CELL_BYTES,
		.l_len = CELL_BYTES };
}

static bool take_cell(int fd, enum role_id role)
{
	struct flock cell = cell_of(role);

	return fcntl(fd, F_OFD_SETLK, &cell) == 0;
}

/* The number in a cell; digits alone, whatever else somebody wrote there. */
static struct str owner_of(struct arena *arena, int fd, enum role_id role)
{
	char cell[CELL_BYTES];
	ssize_t n = pread(fd, cell, sizeof cell, (off_t)role * CELL_BYTES);
	size_t digits = 0;

	while (n > 0 && digits < (size_t)n && ascii_digit(cell[digits]))
		digits++;
	return digits ? arena_dup(arena, str_from(cell, digits)) : STR("?");
}

static bool sign_cell(int fd, enum role_id role)
{
	char cell[CELL_BYTES + 1];

	snprintf(cell, sizeof cell, "%-15ld\n", (long)getpid());
	return pwrite(fd, cell, CELL_BYTES, (off_t)role * CELL_BYTES) == CELL_BYTES;
}

static enum err take_cells(
	struct arena *arena, int fd, const char *dir, unsigned roles, struct str *ret_trouble)
{
	for (enum role_id role = 0; role < ROLE_COUNT; role++) {
		if (!(roles & 1u << role))
			continue;
		if (!take_cell(fd, role)) {
			bool taken = errno == EAGAIN || errno == EACCES;

			*ret_trouble =
				taken ? arena_printf(arena,
						"server.data_dir: process %.*s serves %s already",
						STR_ARG(owner_of(arena, fd, role)), dir)
				      : arena_printf(
						arena, "%s/serve.lock: %s", dir, strerror(errno));
			return taken ? ERR_EXISTS : err_from_errno(errno);
		}
		if (!sign_cell(fd, role)) {
			*ret_trouble =
				arena_printf(arena, "%s/serve.lock: %s", dir, strerror(errno));
			return err_from_errno(errno);
		}
	}
	return ERR_OK;
}

enum err folder_lock(struct arena *arena, const char *dir, unsigned roles, struct str *ret_trouble)
{
	const char *path = arena_printf(arena, "%s/serve.lock", dir).p;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	enum err err;

	if (fd < 0) {
		err = err_from_errno(errno);
		*ret_trouble = arena_printf(arena, "%s: %s", path, strerror(errno));
		return err;
	}
	err = take_cells(arena, fd, dir, roles, ret_trouble);
	if (err)
		close(fd);
	return err; /* else it stays open: closing it would end the locks */
}

unsigned folder_lock_held(struct arena *arena, const char *dir)
{
	const char *path = arena_printf(arena, "%s/serve.lock", dir).p;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	unsigned held = 0;

	for (enum role_id role = 0; fd >= 0 && role < ROLE_COUNT; role++) {
		struct flock cell = cell_of(role);

		if (!fcntl(fd, F_OFD_GETLK, &cell) && cell.l_type != F_UNLCK)
			held |= 1u << role;
	}
	if (fd >= 0)
		close(fd);
	return held;
}
