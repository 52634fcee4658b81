#define _GNU_SOURCE
#include "core/limits.h"
#include "suppress/export/export_file_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EXPORT_BUFFER_BYTES = 1 << 20, EXPORT_FLUSH_BYTES = 256 << 10 };

/* Hidden, so that a reader who takes `*.csv` never takes one. */
static const char temporary_prefix[] = ".bounced-tmp.";

/* ---- one file ---- */

enum err export_file_open(struct export_file *file, int dir_fd, const char *name)
{
	*file = (struct export_file){ .dir_fd = dir_fd, .fd = -1 };
	snprintf(file->name, sizeof file->name, "%s", name);
	snprintf(file->temporary, sizeof file->temporary, "%s%s", temporary_prefix, name);
	file->fd = openat(dir_fd, file->temporary,
		O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (file->fd < 0)
		return err_from_errno(errno);
	buf_init(&file->buf, EXPORT_BUFFER_BYTES);
	file->sum = g_checksum_new(G_CHECKSUM_SHA256);
	return ERR_OK;
}

static enum err flush(struct export_file *file)
{
	struct str rest = buf_str(&file->buf);
	enum err err = buf_check(&file->buf);

	if (err || !rest.n)
		return err;
	g_checksum_update(file->sum, (const guchar *)rest.p, (gssize)rest.n);
	file->bytes += rest.n;
	while (rest.n) {
		ssize_t n = write(file->fd, rest.p, rest.n);

		if (n < 0 && errno != EINTR)
			return err_from_errno(errno);
		rest = str_skip(rest, n > 0 ? (size_t)n : 0);
	}
	buf_reset(&file->buf);
	return ERR_OK;
}

enum err export_file_flush_some(struct export_file *file)
{
	return file->buf.n >= EXPORT_FLUSH_BYTES || file->buf.failed ? flush(file) : ERR_OK;
}

enum err export_file_sync(struct export_file *file, char ret_sha256[static MANIFEST_SHA256_BYTES])
{
	enum err err = flush(file);

	if (err)
		return err;
	if (fsync(file->fd) < 0)
		return err_from_errno(errno);
	snprintf(ret_sha256, MANIFEST_SHA256_BYTES, "%s", g_checksum_get_string(file->sum));
	return ERR_OK;
}

enum err export_file_rename(struct export_file *file)
{
	if (renameat(file->dir_fd, file->temporary, file->dir_fd, file->name) < 0)
		return err_from_errno(errno);
	close(file->fd);
	file->fd = -1;
	return ERR_OK;
}

void export_file_park(struct export_file *file)
{
	close(file->fd);
	file->fd = -1;
}

void export_file_release(struct export_file *file)
{
	if (file->fd >= 0) {
		close(file->fd);
		unlinkat(file->dir_fd, file->temporary, 0);
		file->fd = -1;
	}
	buf_release(&file->buf);
	if (file->sum)
		g_checksum_free(file->sum);
	file->sum = NULL;
}

/* ---- the folder ---- */

/* "suppressions.FROM-TO.csv", as the exporter names changes. */
static bool is_changes(struct str name)
{
	struct str from, to, ending;
	uint64_t number;
	enum format format;

	return str_starts(name, STR("suppressions.")) &&
	       str_cut(str_skip(name, sizeof "suppressions." - 1), '-', &from, &to) &&
	       str_cut(to, '.', &to, &ending) && str_to_u64(from, INT64_MAX, &number) &&
	       str_to_u64(to, INT64_MAX, &number) && format_from_name(ending, &format);
}

static bool written_before(int dir_fd, const char *name, int64_t before_us)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       (int64_t)st.st_mtim.tv_sec * TIMESTAMP_SECOND_US < before_us;
}

void export_folder_clean(int dir_fd, int64_t before_us)
{
	int copy = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		struct str name = str_c(entry->d_name);

		if (str_starts(name, str_c(temporary_prefix)) ||
			(is_changes(name) && written_before(dir_fd, entry->d_name, before_us)))
			unlinkat(dir_fd, entry->d_name, 0);
	}
	if (dir)
		closedir(dir);
	else if (copy >= 0)
		close(copy);
}

struct str export_folder_read(int dir_fd, const char *name, struct arena *arena)
{
	int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct str text = STR_EMPTY;
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && st.st_size > 0 && st.st_size <= EXPORT_READ_BYTES) {
		char *room = arena_alloc(arena, (size_t)st.st_size);
		ssize_t n = read(fd, room, (size_t)st.st_size);

		if (n == st.st_size)
			text = str_from(room, (size_t)n);
	}
	if (fd >= 0)
		close(fd);
	return text;
}

/* ---- files that wait for the others of their run ---- */

static void temporary_name(const char *name, char room[static EXPORT_FILE_NAME_BYTES + 16])
{
	snprintf(room, EXPORT_FILE_NAME_BYTES + 16, "%s%s", temporary_prefix, name);
}

enum err export_folder_rename(int dir_fd, const char *name)
{
	char temporary[EXPORT_FILE_NAME_BYTES + 16];

	temporary_name(name, temporary);
	return renameat(dir_fd, temporary, dir_fd, name) < 0 ? err_from_errno(errno) : ERR_OK;
}

void export_folder_drop(int dir_fd, const char *name)
{
	char temporary[EXPORT_FILE_NAME_BYTES + 16];

	temporary_name(name, temporary);
	unlinkat(dir_fd, temporary, 0);
}
