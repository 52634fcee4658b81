#include "spool/preparer_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { ZERO_BYTES = 1 << 20 };

/* Zeros now, so that a later fdatasync has data to write and no metadata. */
static enum err write_zeros(const struct spool_ops *ops, int fd, uint64_t bytes)
{
	static const char zeros[ZERO_BYTES];
	uint64_t at = 0;

	while (at < bytes) {
		size_t n = bytes - at < ZERO_BYTES ? (size_t)(bytes - at) : ZERO_BYTES;
		ssize_t wrote = ops->write_at(fd, zeros, n, (off_t)at);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return err_from_errno(errno);
		if (!wrote)
			return ERR_IO;
		at += (uint64_t)wrote;
	}
	return ops->sync(fd) ? err_from_errno(errno) : ERR_OK;
}

static enum err make_segment(const struct spool_writer *writer, int *ret_fd)
{
	int fd = openat(writer->dir, LANE_PREPARED, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	enum err err;

	if (fd < 0)
		return err_from_errno(errno);
	err = write_zeros(writer->options.ops, fd, writer->options.segment_bytes);
	if (err) {
		close(fd);
		unlinkat(writer->dir, LANE_PREPARED, 0);
		return err;
	}
	*ret_fd = fd;
	return ERR_OK;
}

/* The lock is held, but not while the disk works. */
static void prepare_one(struct spool_writer *writer)
{
	enum err err = ERR_NO_SPACE;
	int fd = -1;

	writer->prepare_now = false;
	if (writer_may_grow(writer)) {
		writer->segment_bytes += writer->options.segment_bytes;
		writer->preparing = true;
		pthread_mutex_unlock(&writer->lock);
		err = make_segment(writer, &fd);
		pthread_mutex_lock(&writer->lock);
		writer->preparing = false;
		if (err)
			writer->segment_bytes -= writer->options.segment_bytes;
	}
	writer->prepare_err = err;
	if (!err) {
		writer->prepared_fd = fd;
		writer->prepared_bytes = writer->options.segment_bytes;
	}
	pthread_cond_broadcast(&writer->prepared_or_failed);
}

void *preparer_run(void *argument)
{
	struct spool_writer *writer = argument;

	pthread_mutex_lock(&writer->lock);
	while (!writer->stop_preparer) {
		if (writer->prepare_now && !writer->prepared_bytes && !writer->naming)
			prepare_one(writer);
		else
			pthread_cond_wait(&writer->want_prepared, &writer->lock);
	}
	/* A committer that still waits has to hear that nothing will come. */
	writer->prepare_err = ERR_UNAVAILABLE;
	pthread_cond_broadcast(&writer->prepared_or_failed);
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}

static void ask_for_one(struct spool_writer *writer)
{
	writer->prepare_now = true;
	pthread_cond_signal(&writer->want_prepared);
}

/* The name has to be on stable storage before any record in the segment is acknowledged. */
static enum err name_segment(struct spool_writer *writer, const struct open_segment *segment)
{
	char name[LANE_NAME_BYTES];
	enum err err;

	lane_segment_name(segment->first, name);
	if (!renameat(writer->dir, LANE_PREPARED, writer->dir, name) &&
		!writer->options.ops->sync(writer->dir))
		return ERR_OK;
	err = err_from_errno(errno);
	/* No record in it was ever durable, so no reader has it open. */
	unlinkat(writer->dir, LANE_PREPARED, 0);
	unlinkat(writer->dir, name, 0);
	close(segment->fd);
	return err;
}

/* Waits for the preparer; the lock is held. */
static enum err wait_for_prepared(struct spool_writer *writer, struct open_segment *ret_segment)
{
	if (!writer->prepared_bytes) {
		writer->prepare_err = ERR_OK;
		ask_for_one(writer);
	}
	while (!writer->prepared_bytes && !writer->prepare_err)
		pthread_cond_wait(&writer->prepared_or_failed, &writer->lock);
	if (!writer->prepared_bytes)
		return writer->prepare_err;
	ret_segment->fd = writer->prepared_fd;
	ret_segment->size = writer->prepared_bytes;
	writer->prepared_fd = -1;
	writer->prepared_bytes = 0;
	writer->naming = true;
	return ERR_OK;
}

static void set_current(struct spool_writer *writer, const struct open_segment *segment)
{
	if (writer->current.fd >= 0)
		close(writer->current.fd);
	writer->current = *segment;
	/* The watermark's release orders this store before itself. */
	atomic_store_explicit(&writer->durable->segment, segment->first, memory_order_relaxed);
	if (writer->options.prepare == SPOOL_PREPARE_AHEAD)
		ask_for_one(writer);
}

enum err preparer_take(struct spool_writer *writer, uint64_t first)
{
	struct open_segment segment = { .first = first, .seed = record_seed(writer->id, first) };
	enum err err;

	pthread_mutex_lock(&writer->lock);
	err = wait_for_prepared(writer, &segment);
	pthread_mutex_unlock(&writer->lock);
	if (err)
		return err;
	err = name_segment(writer, &segment);
	pthread_mutex_lock(&writer->lock);
	writer->naming = false;
	pthread_cond_signal(&writer->want_prepared);
	if (err)
		writer->segment_bytes -= segment.size;
	else
		set_current(writer, &segment);
	pthread_mutex_unlock(&writer->lock);
	return err;
}
