/* tests/power/record.c -- what a real program does to its files, in order: a library that is loaded in front of it (LD_PRELOAD).
 * Knows: the calls below. Each is done and logged under one lock, so that the log is one order of things. Does not know what a
 * disk would have kept: that is tests/e2e/faults/disk.py. Pages that are mapped and shared are looked at before each call.
 *
 * POWER_LOG names the log. POWER_SYNC_US: how long each sync takes. POWER_FAIL: one sync of a file in so many fails (0: none),
 * as POWER_SEED has it. POWER_DEAF: syncs are not logged, for a disk that never does what it is told. An entry: kind (1 octet), two inode numbers or an inode and a place (8 octets each), octets that follow (4).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#undef open
#undef openat
#undef pwrite
#undef ftruncate
#undef fallocate
#undef mmap

enum { PAGES = 8, PAGE = 4096 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static unsigned fail_one_in, seed, sync_us, deaf;
static struct {
	const char *at;
	uint64_t inode;
	char seen[PAGE];
} pages[PAGES];

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static unsigned number(const char *name)
{
	const char *text = getenv(name);

	return text ? (unsigned)strtoul(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("POWER_LOG");

	if (path)
		log_fd = REAL(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	fail_one_in = number("POWER_FAIL");
	sync_us = number("POWER_SYNC_US");
	deaf = number("POWER_DEAF");
	seed = number("POWER_SEED");
}

static void put(char kind, uint64_t a, uint64_t b, const void *bytes, uint32_t n)
{
	char head[21] = { kind };
	ssize_t wrote;

	if (log_fd < 0)
		return;
	memcpy(head + 1, &a, 8);
	memcpy(head + 9, &b, 8);
	memcpy(head + 17, &n, 4);
	wrote = REAL(write)(log_fd, head, sizeof head);
	if (n && wrote > 0)
		wrote = REAL(write)(log_fd, bytes, n);
	if (wrote < 0)
		abort();
}

/* Stores to mapped pages are seen here, in front of whatever is called next. */
static void enter(void)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < PAGES; i++)
		if (pages[i].at && memcmp(pages[i].seen, pages[i].at, PAGE)) {
			memcpy(pages[i].seen, pages[i].at, PAGE);
			put('w', pages[i].inode, 0, pages[i].seen, PAGE);
		}
}

static void leave(void)
{
	int kept = errno;

	pthread_mutex_unlock(&lock);
	errno = kept;
}

static uint64_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) || !(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode)) ? 0 : st.st_ino;
}

/* The folder of a path, and its last name. */
static uint64_t folder_of(int dir, const char *path, const char **ret_name)
{
	char folder[4096];
	const char *slash = strrchr(path, '/');
	struct stat st;

	*ret_name = slash ? slash + 1 : path;
	snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - path + 1) : 1,
		slash ? path : ".");
	return fstatat(dir, folder, &st, 0) ? 0 : st.st_ino;
}

static void put_name(char kind, int dir, const char *path, uint64_t inode)
{
	const char *name;
	uint64_t folder = folder_of(dir, path, &name);

	put(kind, folder, inode, name, (uint32_t)strlen(name));
}

static int open_logged(int dir, const char *path, int flags, mode_t mode)
{
	int fd, kept;

	enter();
	fd = REAL(openat)(dir, path, flags, mode);
	kept = errno;
	if (fd >= 0 && flags & (O_CREAT | O_TRUNC) && inode_of(fd))
		put_name('c', dir, path, inode_of(fd));
	if (fd >= 0 && flags & O_TRUNC && inode_of(fd))
		put('t', inode_of(fd), 0, NULL, 0);
	errno = kept;
	leave();
	return fd;
}

#define OPEN_MODE(flags)                                                                           \
	({                                                                                         \
		mode_t mode = 0;                                                                   \
		if ((flags) & (O_CREAT | O_TMPFILE)) {                                             \
			va_list more;                                                              \
			va_start(more, flags);                                                     \
			mode = va_arg(more, mode_t);                                               \
			va_end(more);                                                              \
		}                                                                                  \
		mode;                                                                              \
	})

int open(const char *path, int flags, ...)
{
	return open_logged(AT_FDCWD, path, flags, OPEN_MODE(flags));
}

int open64(const char *path, int flags, ...)
{
	return open_logged(AT_FDCWD, path, flags, OPEN_MODE(flags));
}

int openat(int dir, const char *path, int flags, ...)
{
	return open_logged(dir, path, flags, OPEN_MODE(flags));
}

int openat64(int dir, const char *path, int flags, ...)
{
	return open_logged(dir, path, flags, OPEN_MODE(flags));
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t at)
{
	ssize_t wrote;

	enter();
	wrote = REAL(pwrite)(fd, bytes, n, at);
	if (wrote > 0)
		put('w', inode_of(fd), (uint64_t)at, bytes, (uint32_t)wrote);
	leave();
	return wrote;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at)
{
	return pwrite(fd, bytes, n, at);
}

/* What a program says to whoever called it is an entry, too: so far it had promised. */
ssize_t write(int fd, const void *bytes, size_t n)
{
	ssize_t wrote;
	off_t at;

	enter();
	at = lseek(fd, 0, SEEK_CUR);
	if (fd == STDOUT_FILENO)
		put('!', 0, 0, bytes, (uint32_t)n);
	wrote = REAL(write)(fd, bytes, n);
	if (wrote > 0 && fd != STDOUT_FILENO && inode_of(fd))
		put('w', inode_of(fd), (uint64_t)at, bytes, (uint32_t)wrote);
	leave();
	return wrote;
}

int ftruncate(int fd, off_t n)
{
	int result;

	enter();
	result = REAL(ftruncate)(fd, n);
	if (!result)
		put('t', inode_of(fd), (uint64_t)n, NULL, 0);
	leave();
	return result;
}

int fallocate(int fd, int mode, off_t at, off_t n)
{
	struct stat st;
	int result;

	enter();
	result = REAL(fallocate)(fd, mode, at, n);
	if (!result && !fstat(fd, &st))
		put('t', st.st_ino, (uint64_t)st.st_size, NULL, 0);
	leave();
	return result;
}

int ftruncate64(int fd, off_t n)
{
	return ftruncate(fd, n);
}

int fallocate64(int fd, int mode, off_t at, off_t n)
{
	return fallocate(fd, mode, at, n);
}

static bool sync_fails(int fd)
{
	struct stat st;

	if (!fail_one_in || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return false;
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % fail_one_in == 0;
}

/* Nothing is asked of the disk: what it would have kept is for disk.py to say. */
static int sync_logged(int fd)
{
	bool fails;

	enter();
	if (sync_us)
		usleep(sync_us);
	fails = sync_fails(fd);
	if (!deaf)
		put(fails ? 'f' : 's', inode_of(fd), 0, NULL, 0);
	leave();
	errno = EIO;
	return fails ? -1 : 0;
}

int fsync(int fd)
{
	return sync_logged(fd);
}

int fdatasync(int fd)
{
	return sync_logged(fd);
}

int renameat2(int from_dir, const char *from, int to_dir, const char *to, unsigned flags)
{
	const char *from_name, *to_name;
	char names[1024];
	uint64_t a, b;
	int result;

	enter();
	a = folder_of(from_dir, from, &from_name);
	b = folder_of(to_dir, to, &to_name);
	result = REAL(renameat2)(from_dir, from, to_dir, to, flags);
	if (!result) {
		int n = snprintf(names, sizeof names, "%s/%s", from_name, to_name);

		put('r', a, b, names, (uint32_t)n);
	}
	leave();
	return result;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return renameat2(from_dir, from, to_dir, to, 0);
}

int rename(const char *from, const char *to)
{
	return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlinkat(int dir, const char *path, int flags)
{
	int result;

	enter();
	result = REAL(unlinkat)(dir, path, flags);
	if (!result)
		put_name('u', dir, path, 0);
	leave();
	return result;
}

int unlink(const char *path)
{
	return unlinkat(AT_FDCWD, path, 0);
}

int link(const char *from, const char *to)
{
	struct stat st;
	int result;

	enter();
	result = REAL(link)(from, to);
	if (!result && !stat(to, &st))
		put_name('c', AT_FDCWD, to, st.st_ino);
	leave();
	return result;
}

int mkdirat(int dir, const char *path, mode_t mode)
{
	struct stat st;
	int result;

	enter();
	result = REAL(mkdirat)(dir, path, mode);
	if (!result && !fstatat(dir, path, &st, 0))
		put_name('d', dir, path, st.st_ino);
	leave();
	return result;
}

int mkdir(const char *path, mode_t mode)
{
	return mkdirat(AT_FDCWD, path, mode);
}

void *mmap(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	void *got = REAL(mmap)(at, n, protection, flags, fd, offset);

	if (got == MAP_FAILED || fd < 0 || !(flags & MAP_SHARED) || !(protection & PROT_WRITE) ||
		n != PAGE)
		return got;
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < PAGES; i++)
		if (!pages[i].at) {
			pages[i].at = got;
			pages[i].inode = inode_of(fd);
			memcpy(pages[i].seen, got, PAGE);
			break;
		}
	pthread_mutex_unlock(&lock);
	return got;
}

void *mmap64(void *at, size_t n, int protection, int flags, int fd, off_t offset)
{
	return mmap(at, n, protection, flags, fd, offset);
}

int munmap(void *at, size_t n)
{
	enter();
	for (size_t i = 0; i < PAGES; i++)
		if (pages[i].at == at)
			pages[i].at = NULL;
	leave();
	return REAL(munmap)(at, n);
}
