#define _GNU_SOURCE
#include "spool/crc32c.h"
#include "spool/lane_priv.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SEGMENT_DIGITS = 20, ID_FILE_BYTES = 26 };
#define SEGMENT_SUFFIX ".seg"
#define ID_FILE        "lane.id"
#define ID_TEMPORARY   "lane.id.tmp"
#define WAKE_FILE      "wake"

void lane_segment_name(uint64_t segment, char room[static LANE_NAME_BYTES])
{
	snprintf(room, LANE_NAME_BYTES, "%020" PRIu64 SEGMENT_SUFFIX, segment);
}

static bool segment_from_name(const char *name, uint64_t *ret_segment)
{
	struct str s = str_c(name);

	return s.n == SEGMENT_DIGITS + sizeof SEGMENT_SUFFIX - 1 &&
	       str_ends(s, STR(SEGMENT_SUFFIX)) &&
	       str_to_u64(str_head(s, SEGMENT_DIGITS), LANE_SEQUENCE_MAX, ret_segment);
}

static int compare_u64(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

static void append_u64(uint64_t **list, size_t *n, uint64_t value)
{
	if (!(*n & (*n - 1))) {
		*list = reallocarray(*list, *n ? *n * 2 : 1, sizeof **list);
		if (!*list)
			abort();
	}
	(*list)[(*n)++] = value;
}

enum err lane_list(int dir, uint64_t **ret_segments, size_t *ret_n)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);
	uint64_t *list = NULL, segment;
	struct dirent *entry;
	size_t n = 0;

	if (!stream) {
		enum err err = err_from_errno(errno);

		if (fd >= 0)
			close(fd);
		return err;
	}
	while ((entry = readdir(stream)))
		if (segment_from_name(entry->d_name, &segment))
			append_u64(&list, &n, segment);
	closedir(stream);
	if (n)
		qsort(list, n, sizeof *list, compare_u64);
	*ret_segments = list;
	*ret_n = n;
	return ERR_OK;
}

/* "0123456789abcdef 89abcdef\n": the id and its checksum. */
static void format_id(uint64_t id, char room[static ID_FILE_BYTES + 1])
{
	char digits[17];

	snprintf(digits, sizeof digits, "%016" PRIx64, id);
	snprintf(room, ID_FILE_BYTES + 1, "%s %08" PRIx32 "\n", digits, crc32c(0, str_c(digits)));
}

enum err lane_read_id(int dir, uint64_t *ret_id)
{
	char text[ID_FILE_BYTES + 1] = "", again[ID_FILE_BYTES + 1];
	int fd = openat(dir, ID_FILE, O_RDONLY | O_CLOEXEC);
	ssize_t n;
	uint64_t id;

	if (fd < 0)
		return err_from_errno(errno);
	n = read(fd, text, ID_FILE_BYTES);
	close(fd);
	if (n != ID_FILE_BYTES)
		return n < 0 ? ERR_IO : ERR_CORRUPT;
	id = strtoull(text, NULL, 16);
	format_id(id, again);
	if (!str_eq(str_c(text), str_c(again)))
		return ERR_CORRUPT;
	*ret_id = id;
	return ERR_OK;
}

/* Temporary file, sync, rename, sync of the folder: a crash leaves the whole id or none. */
enum err lane_make_id(int dir, uint64_t *ret_id)
{
	char text[ID_FILE_BYTES + 1];
	uint64_t id;
	int fd;
	bool written;

	if (getrandom(&id, sizeof id, 0) != sizeof id)
		return ERR_IO;
	format_id(id, text);
	fd = openat(dir, ID_TEMPORARY, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_from_errno(errno);
	written = write(fd, text, ID_FILE_BYTES) == ID_FILE_BYTES && !fsync(fd);
	close(fd);
	if (!written || renameat(dir, ID_TEMPORARY, dir, ID_FILE) || fsync(dir))
		return err_from_errno(errno);
	*ret_id = id;
	return ERR_OK;
}

/* Its block, too: a store to a page without one is a SIGBUS where the disk is full. What stands in it stays. */
static enum err make_page(int fd)
{
	static const char zeros[LANE_PAGE_BYTES];
	struct stat st;

	if (!fallocate(fd, 0, 0, LANE_PAGE_BYTES))
		return ERR_OK;
	if (errno != EOPNOTSUPP || fstat(fd, &st))
		return err_from_errno(errno);
	if (st.st_size < LANE_PAGE_BYTES &&
		pwrite(fd, zeros, sizeof zeros, 0) != (ssize_t)sizeof zeros)
		return err_from_errno(errno);
	return ERR_OK;
}

enum err lane_map(int dir, const char *name, enum lane_access access, int *ret_fd,
	struct lane_page **ret_page)
{
	int flags = access == LANE_WRITE ? O_RDWR | O_CREAT : O_RDONLY;
	int protection = access == LANE_WRITE ? PROT_READ | PROT_WRITE : PROT_READ;
	int fd = openat(dir, name, flags | O_CLOEXEC, 0600);
	struct lane_page *page = NULL;
	struct stat st;
	enum err err = ERR_OK;

	if (fd < 0)
		return err_from_errno(errno);
	if (access == LANE_WRITE)
		err = make_page(fd);
	else if (fstat(fd, &st))
		err = err_from_errno(errno);
	else if (st.st_size < LANE_PAGE_BYTES)
		err = ERR_NOT_FOUND;
	if (!err) {
		page = mmap(NULL, LANE_PAGE_BYTES, protection, MAP_SHARED, fd, 0);
		err = page == MAP_FAILED ? err_from_errno(errno) : ERR_OK;
	}
	if (err) {
		close(fd);
		return err;
	}
	*ret_fd = fd;
	*ret_page = page;
	return ERR_OK;
}

void lane_unmap(int fd, struct lane_page *page)
{
	if (!page)
		return;
	munmap(page, LANE_PAGE_BYTES);
	close(fd);
}

void lane_reset_numbers(struct lane_page *page)
{
	for (size_t i = 0; i < LANE_COUNTERS; i++)
		atomic_store_explicit(&page->counters[i], 0, memory_order_relaxed);
	for (size_t i = 0; i < METER_WORDS; i++)
		atomic_store_explicit(&page->meters[i], 0, memory_order_relaxed);
}

/* The time first: whoever sees the sequence sees it, too. */
void lane_note_waiting(struct lane_page *page, uint64_t sequence, int64_t stored_at_us)
{
	atomic_store_explicit(&page->waiting_us, (uint64_t)stored_at_us, memory_order_relaxed);
	atomic_store_explicit(&page->waiting_sequence, sequence, memory_order_release);
}

uint64_t lane_load(const _Atomic uint64_t *word)
{
	uint64_t value = atomic_load_explicit(word, memory_order_acquire);

	return value > LANE_SEQUENCE_MAX ? 0 : value;
}

int lane_open_wake(int dir)
{
	if (mkfifoat(dir, WAKE_FILE, 0600) && errno != EEXIST)
		return -1;
	return openat(dir, WAKE_FILE, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

void lane_wake(int fd)
{
	/* A full pipe wakes the reader as well as one more byte would. */
	if (fd >= 0 && write(fd, "", 1) < 0)
		assert(errno == EAGAIN || errno == EINTR);
}

void lane_drain(int fd)
{
	char room[4096];

	while (fd >= 0 && read(fd, room, sizeof room) == (ssize_t)sizeof room)
		;
}
