#include "spool/lane_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { WINDOW_BYTES = 256 << 10 };

void segment_init(struct segment *segment)
{
	*segment = (struct segment){ .fd = -1, .window = BUF_INIT(SIZE_MAX / 2) };
}

static void segment_close(struct segment *segment)
{
	if (segment->fd >= 0)
		close(segment->fd);
	segment->fd = -1;
	buf_reset(&segment->window);
}

void segment_release(struct segment *segment)
{
	segment_close(segment);
	buf_release(&segment->window);
}

enum err segment_open(struct segment *segment, int dir, uint64_t lane_id, uint64_t first,
	enum segment_access access)
{
	char name[LANE_NAME_BYTES];
	struct stat st;
	int fd;

	segment_close(segment);
	lane_segment_name(first, name);
	fd = openat(dir, name, (access == SEGMENT_REPAIR ? O_RDWR : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return err_from_errno(errno);
	if (fstat(fd, &st)) {
		close(fd);
		return ERR_IO;
	}
	segment->fd = fd;
	segment->first = first;
	segment->size = (uint64_t)st.st_size;
	segment->seed = record_seed(lane_id, first);
	segment->window_at = 0;
	return ERR_OK;
}

/* Fills the window with n bytes from offset on, or as many as the file has. */
static enum err window_load(struct segment *segment, uint64_t offset, uint64_t n)
{
	struct buf *window = &segment->window;
	char *room;

	buf_reset(window);
	segment->window_at = offset;
	if (offset >= segment->size)
		return ERR_OK;
	if (n > segment->size - offset)
		n = segment->size - offset;
	room = buf_reserve(window, n);
	while (window->n < n) {
		ssize_t got = pread(
			segment->fd, room + window->n, n - window->n, (off_t)(offset + window->n));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0) {
			buf_reset(window);
			return ERR_IO;
		}
		if (!got)
			break;
		window->n += (size_t)got;
	}
	return ERR_OK;
}

static struct str window_from(const struct segment *segment, uint64_t offset)
{
	if (offset < segment->window_at || offset - segment->window_at >= segment->window.n)
		return STR_EMPTY;
	return str_skip(buf_str(&segment->window), offset - segment->window_at);
}

enum err segment_bytes(struct segment *segment, uint64_t offset, uint64_t n, struct str *ret_bytes)
{
	enum err err = window_load(segment, offset, n);

	if (!err)
		*ret_bytes = buf_str(&segment->window);
	return err;
}

enum err segment_read(struct segment *segment, uint64_t offset, enum record_state *ret_state,
	struct record *ret_record)
{
	enum record_state state =
		record_read(window_from(segment, offset), segment->seed, ret_record);
	uint64_t n = WINDOW_BYTES;

	/* The window may be older than the record: only the file can say "not whole". */
	for (int tries = 0; tries < 2 && state != RECORD_WHOLE; tries++) {
		enum err err = window_load(segment, offset, n);

		if (err)
			return err;
		state = record_read(window_from(segment, offset), segment->seed, ret_record);
		if (state != RECORD_SHORT)
			break;
		record_peek(window_from(segment, offset), segment->seed, &n);
		if (n > segment->size - offset)
			break;
		if (n < WINDOW_BYTES)
			n = WINDOW_BYTES;
	}
	*ret_state = state == RECORD_SHORT ? RECORD_BAD : state;
	return ERR_OK;
}

/* Is there, at this place, a whole record whose sequence is from..to? */
static enum err record_fits(struct segment *segment, uint64_t offset, uint64_t from, uint64_t to,
	struct record *ret_record)
{
	enum record_state state;
	struct record record;
	enum err err = segment_read(segment, offset, &state, &record);

	if (err)
		return err;
	if (state != RECORD_WHOLE || record.sequence < from || record.sequence > to)
		return ERR_NOT_FOUND;
	*ret_record = record;
	return ERR_OK;
}

/* A place in the window where a header might stand: RECORD_SHORT when one does. Without the header's
 * own checksum a message full of magic numbers would cost a read of the file for each. */
static enum record_state next_header(struct segment *segment, uint64_t *offset)
{
	struct str window = window_from(segment, *offset);
	size_t at = record_next_magic(window, 0);
	uint64_t n;

	*offset += at;
	if (window.n - at < RECORD_HEADER_BYTES)
		return RECORD_EMPTY;
	return record_peek(str_skip(window, at), segment->seed, &n);
}

enum err segment_find(struct segment *segment, uint64_t offset, uint64_t from, uint64_t to,
	uint64_t *ret_offset, struct record *ret_record)
{
	enum err err = window_load(segment, offset, WINDOW_BYTES);

	while (!err && segment->size > offset && segment->size - offset >= RECORD_HEADER_BYTES) {
		enum record_state state = next_header(segment, &offset);

		if (state == RECORD_EMPTY) {
			err = window_load(segment, offset, WINDOW_BYTES);
			continue;
		}
		if (state == RECORD_SHORT) {
			err = record_fits(segment, offset, from, to, ret_record);
			if (!err)
				*ret_offset = offset;
			if (err != ERR_NOT_FOUND)
				return err;
			err = ERR_OK;
		}
		offset += RECORD_ALIGN;
	}
	return err ? err : ERR_NOT_FOUND;
}

enum err segment_data_end(struct segment *segment, uint64_t offset, uint64_t *ret_end)
{
	uint64_t end = offset;

	for (uint64_t at = offset; at < segment->size; at += WINDOW_BYTES) {
		enum err err = window_load(segment, at, WINDOW_BYTES);

		if (err)
			return err;
		for (size_t i = 0; i < segment->window.n; i++)
			if (segment->window.p[i])
				end = (at + i) / RECORD_ALIGN * RECORD_ALIGN + RECORD_ALIGN;
	}
	*ret_end = end < segment->size ? end : segment->size;
	return ERR_OK;
}
