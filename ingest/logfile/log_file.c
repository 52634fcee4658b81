#define _GNU_SOURCE
#define ZLIB_CONST
#include "ingest/logfile/log_file.h"

#include "core/timestamp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

enum { RAW_BYTES = 256 << 10, GZIP_WINDOW = 15 + 16, ZSTD_WINDOW_LOG = 27 };
enum packing { PACKING_UNKNOWN, PACKING_PLAIN, PACKING_GZIP, PACKING_ZSTD };

struct log_file {
	int fd;
	struct log_file_id id;
	uint64_t raw_done;
	enum packing packing;
	bool inside; /* a member or frame has begun and not ended */
	enum err damaged;
	z_stream gzip;
	ZSTD_DStream *zstd;
	size_t from, to; /* of raw */
	unsigned char raw[RAW_BYTES];
};

enum err log_file_open(const char *path, struct log_file **ret_file)
{
	int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)
				   : dup(STDIN_FILENO);
	struct log_file *file;
	struct stat st;

	if (fd < 0)
		return err_from_errno(errno);
	if (fstat(fd, &st) ||
		(!S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode))) {
		close(fd);
		return ERR_RANGE;
	}
	file = calloc(1, sizeof *file);
	if (!file)
		abort();
	file->fd = fd;
	file->id = (struct log_file_id){ st.st_dev, st.st_ino };
	*ret_file = file;
	return ERR_OK;
}

void log_file_close(struct log_file *file)
{
	if (!file)
		return;
	if (file->packing == PACKING_GZIP)
		inflateEnd(&file->gzip);
	ZSTD_freeDStream(file->zstd);
	close(file->fd);
	free(file);
}

/* More raw bytes behind those that wait; none: the end for now. */
static enum err fill(struct log_file *file)
{
	ssize_t got;

	memmove(file->raw, file->raw + file->from, file->to - file->from);
	file->to -= file->from;
	file->from = 0;
	if (file->to == RAW_BYTES)
		return ERR_OK;
	do
		got = read(file->fd, file->raw + file->to, RAW_BYTES - file->to);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? ERR_OK : err_from_errno(errno);
	file->to += (size_t)got;
	file->raw_done += (uint64_t)got;
	return ERR_OK;
}

/* By the magic numbers of RFC 1952 2.3.1 and RFC 8878 3.1.1. Too few bytes yet are not told. */
static enum err find_packing(struct log_file *file)
{
	static const unsigned char gzip[] = { 0x1f, 0x8b }, zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };
	size_t n = file->to - file->from;

	if (n < sizeof zstd && n && (file->raw[0] == gzip[0] || file->raw[0] == zstd[0]))
		return ERR_OK;
	if (!n)
		return ERR_OK;
	file->packing = PACKING_PLAIN;
	if (n >= sizeof gzip && !memcmp(file->raw, gzip, sizeof gzip))
		file->packing = PACKING_GZIP;
	if (n >= sizeof zstd && !memcmp(file->raw, zstd, sizeof zstd))
		file->packing = PACKING_ZSTD;
	if (file->packing == PACKING_GZIP && inflateInit2(&file->gzip, GZIP_WINDOW) != Z_OK)
		abort(); /* out of memory */
	if (file->packing == PACKING_ZSTD) {
		file->zstd = ZSTD_createDStream();
		if (!file->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(
					   file->zstd, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG)))
			abort();
	}
	return ERR_OK;
}

static size_t read_plain(struct log_file *file, char *room, size_t n)
{
	size_t got = file->to - file->from < n ? file->to - file->from : n;

	memcpy(room, file->raw + file->from, got);
	file->from += got;
	return got;
}

/* Behind a member another one may begin; zeroes between or behind them are padding. */
static enum err read_gzip(struct log_file *file, char *room, size_t n, size_t *ret_n)
{
	int code;

	while (!file->inside && file->from < file->to && !file->raw[file->from])
		file->from++;
	file->inside |= file->from < file->to;
	file->gzip.next_in = file->raw + file->from;
	file->gzip.avail_in = (uInt)(file->to - file->from);
	file->gzip.next_out = (unsigned char *)room;
	file->gzip.avail_out = (uInt)n;
	code = inflate(&file->gzip, Z_NO_FLUSH);
	file->from = file->to - file->gzip.avail_in;
	*ret_n = n - file->gzip.avail_out;
	if (code == Z_STREAM_END) {
		file->inside = false;
		return inflateReset(&file->gzip) == Z_OK ? ERR_OK : ERR_SYNTAX;
	}
	return code == Z_OK || code == Z_BUF_ERROR ? ERR_OK : ERR_SYNTAX;
}

static enum err read_zstd(struct log_file *file, char *room, size_t n, size_t *ret_n)
{
	ZSTD_inBuffer in = { file->raw + file->from, file->to - file->from, 0 };
	ZSTD_outBuffer out = { room, n, 0 };
	size_t left = ZSTD_decompressStream(file->zstd, &out, &in);

	file->from += in.pos;
	*ret_n = out.pos;
	if (ZSTD_isError(left))
		return ERR_SYNTAX;
	if (in.pos || out.pos)
		file->inside = left != 0;
	return ERR_OK;
}

static enum err unpack(struct log_file *file, char *room, size_t n, size_t *ret_n)
{
	switch (file->packing) {
	case PACKING_GZIP:
		return read_gzip(file, room, n, ret_n);
	case PACKING_ZSTD:
		return read_zstd(file, room, n, ret_n);
	case PACKING_PLAIN:
		*ret_n = read_plain(file, room, n);
		return ERR_OK;
	case PACKING_UNKNOWN:
		break;
	}
	*ret_n = 0;
	return ERR_OK;
}

/* Without more raw bytes a decompressor may still have text to hand out; without text it may want more bytes. */
enum err log_file_read(struct log_file *file, char *room, size_t n, size_t *ret_n)
{
	enum err err = file->damaged;

	*ret_n = 0;
	while (!err && !*ret_n) {
		size_t waited = file->to - file->from;

		if (file->packing == PACKING_UNKNOWN && !(err = fill(file)))
			err = find_packing(file);
		if (!err)
			err = unpack(file, room, n, ret_n);
		if (err == ERR_SYNTAX)
			file->damaged = err;
		if (err || *ret_n || file->packing == PACKING_UNKNOWN)
			break;
		waited = file->to - file->from;
		err = fill(file);
		if (file->to - file->from == waited)
			break; /* the end, for now */
	}
	return err;
}

void log_file_progress(const struct log_file *file, uint64_t *ret_done, uint64_t *ret_total)
{
	struct stat st;

	*ret_done = file->raw_done - (file->to - file->from);
	*ret_total = !fstat(file->fd, &st) && S_ISREG(st.st_mode) ? (uint64_t)st.st_size : 0;
}

struct log_file_id log_file_identity(const struct log_file *file)
{
	return file->id;
}

int64_t log_file_changed_us(const struct log_file *file)
{
	struct timespec now;
	struct stat st;

	if (!fstat(file->fd, &st) && S_ISREG(st.st_mode))
		return (int64_t)st.st_mtim.tv_sec * TIMESTAMP_SECOND_US + st.st_mtim.tv_nsec / 1000;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

bool log_file_replaced(const struct log_file *file)
{
	struct stat st;

	return !fstat(file->fd, &st) && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_size < file->raw_done;
}

bool log_file_cut(const struct log_file *file)
{
	return file->packing == PACKING_PLAIN || file->packing == PACKING_UNKNOWN || file->inside;
}
