#include "spool/committer_priv.h"
#include "spool/preparer_priv.h"
#include "spool/recovery_priv.h"
#include "spool/writer_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

_Static_assert((int)SPOOL_BATCH_RECORDS <= (int)RECORD_BATCH,
	"a record's time tells its place in the batch");
enum { SWEEP_MS = 1000, RETRY_MS_MAX = 60000, KEEP_BUFFER_BYTES = 8 << 20 };

/* Entries from..to of a batch, whose bytes lie at `at`: what one write and one sync cover. */
struct chunk {
	const struct pending *entries;
	size_t n, bytes;
	char *at;
};

static int64_t wall_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void post_completion(struct completions *done, struct spool_completion row)
{
	if (done->from + done->n == done->cap) {
		done->cap = done->cap ? done->cap * 2 : SPOOL_BATCH_RECORDS;
		done->rows = reallocarray(done->rows, done->cap, sizeof *done->rows);
		if (!done->rows)
			abort();
	}
	done->rows[done->from + done->n++] = row;
}

/* Tells each waiter; first_sequence counts only for ERR_OK. The lock is held. */
static void finish_chunk(struct spool_writer *writer, const struct chunk *chunk, enum err err,
	uint64_t first_sequence)
{
	bool were_none = !writer->done.n;

	for (size_t i = 0; i < chunk->n; i++) {
		const struct pending *entry = &chunk->entries[i];
		uint64_t sequence = err ? 0 : first_sequence + i;

		if (entry->wait)
			*entry->wait = (struct append_wait){ err, sequence, true };
		else
			post_completion(&writer->done,
				(struct spool_completion){ entry->cookie, err, sequence });
	}
	writer->waiting_bytes -= chunk->bytes;
	pthread_cond_broadcast(&writer->appended);
	if (were_none && writer->done.n)
		eventfd_write(writer->done_fd, 1);
}

static enum err write_all(const struct spool_writer *writer, const char *p, size_t n, uint64_t at)
{
	while (n) {
		ssize_t wrote = writer->options.ops->write_at(writer->current.fd, p, n, (off_t)at);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote < 0)
			return err_from_errno(errno);
		if (!wrote)
			return ERR_IO;
		p += wrote;
		n -= (size_t)wrote;
		at += (uint64_t)wrote;
	}
	return ERR_OK;
}

static enum err write_and_sync(struct spool_writer *writer, const struct chunk *chunk)
{
	const struct open_segment *segment = &writer->current;
	int64_t now_us = wall_clock_us() / RECORD_BATCH * RECORD_BATCH;
	char *at = chunk->at;
	enum err err;

	for (size_t i = 0; i < chunk->n; i++) {
		record_seal(at, segment->seed, writer->next_sequence + i, now_us + (int64_t)i);
		at += chunk->entries[i].bytes;
	}
	err = write_all(writer, chunk->at, chunk->bytes, segment->offset);
	if (err)
		return err;
	return writer->options.ops->sync(segment->fd) ? err_from_errno(errno) : ERR_OK;
}

/* After a failed write or sync nobody knows what is on disk, and the kernel reports a lost page
 * once only: the segment is left as it is, for good. The lock is held. */
static void poison_current(struct spool_writer *writer)
{
	struct open_segment *segment = &writer->current;
	char name[LANE_NAME_BYTES];

	if (segment->fd < 0)
		return;
	close(segment->fd);
	segment->fd = -1;
	if (segment->offset)
		return;
	/* Nothing in it was ever durable, and its name is the one that the next segment needs. */
	lane_segment_name(segment->first, name);
	unlinkat(writer->dir, name, 0);
	writer->segment_bytes -= segment->size;
}

static void count_failure(struct spool_writer *writer)
{
	int64_t wait_ms = writer->options.retry_ms;

	writer->failures++;
	writer->stats.failed_batches++;
	writer->state = writer->failures > 1 ? SPOOL_FAILED : SPOOL_LIMPING;
	for (unsigned i = 2; i < writer->failures && wait_ms < RETRY_MS_MAX; i++)
		wait_ms *= 2;
	writer->retry_at_ms = writer_now_ms() + (wait_ms < RETRY_MS_MAX ? wait_ms : RETRY_MS_MAX);
}

/* Nothing waited for the reader, so the oldest that does from now on is the chunk's first. */
static void note_first_waiting(struct spool_writer *writer)
{
	if (lane_load(&writer->committed->sequence) + 1 >= writer->next_sequence)
		lane_note_waiting(writer->durable, writer->next_sequence, wall_clock_us());
}

static void count_success(struct spool_writer *writer, const struct chunk *chunk)
{
	note_first_waiting(writer);
	writer->failures = 0;
	writer->state = SPOOL_WORKING;
	writer->stats.records += chunk->n;
	writer->stats.bytes += chunk->bytes;
	writer->stats.syncs++;
	writer->current.offset += chunk->bytes;
	writer->next_sequence += chunk->n;
	atomic_store_explicit(
		&writer->durable->sequence, writer->next_sequence - 1, memory_order_release);
}

static void commit_chunk(struct spool_writer *writer, const struct chunk *chunk)
{
	uint64_t first = writer->next_sequence;
	enum err err = write_and_sync(writer, chunk);

	if (err && err != ERR_NO_SPACE)
		err = ERR_IO;
	pthread_mutex_lock(&writer->lock);
	if (err) {
		poison_current(writer);
		count_failure(writer);
	} else {
		count_success(writer, chunk);
	}
	finish_chunk(writer, chunk, err, first);
	pthread_mutex_unlock(&writer->lock);
	if (!err)
		lane_wake(writer->wake_fd);
}

/* A full disk or quota is no failure of the lane: nothing was half written. */
static void fail_chunk(struct spool_writer *writer, const struct chunk *chunk, enum err err)
{
	if (err != ERR_NO_SPACE && err != ERR_UNAVAILABLE)
		err = ERR_IO;
	pthread_mutex_lock(&writer->lock);
	if (err == ERR_IO)
		count_failure(writer);
	finish_chunk(writer, chunk, err, 0);
	pthread_mutex_unlock(&writer->lock);
}

static bool refuses(struct spool_writer *writer)
{
	bool refused;

	pthread_mutex_lock(&writer->lock);
	refused = writer->state == SPOOL_FAILED && writer_now_ms() < writer->retry_at_ms;
	pthread_mutex_unlock(&writer->lock);
	return refused;
}

/* As many entries as one sync may cover and `room` bytes hold; at least one. */
static struct chunk take_chunk(const struct batch *batch, size_t from, char *at, uint64_t room)
{
	struct chunk chunk = { batch->entries + from, 1, batch->entries[from].bytes, at };

	while (from + chunk.n < batch->n && chunk.n < SPOOL_BATCH_RECORDS) {
		size_t bytes = chunk.bytes + batch->entries[from + chunk.n].bytes;

		if (bytes > SPOOL_BATCH_BYTES || bytes > room)
			break;
		chunk.bytes = bytes;
		chunk.n++;
	}
	return chunk;
}

static uint64_t current_rest(const struct spool_writer *writer)
{
	return writer->current.fd < 0 ? 0 : writer->current.size - writer->current.offset;
}

/* The database holds sequences that this lane never wrote: its disk was set back, or forgot what it had synced. What
 * comes now must not be taken for them. */
static void pass_committed(struct spool_writer *writer)
{
	uint64_t committed = lane_load(&writer->committed->sequence);

	if (committed >= writer->next_sequence)
		writer->next_sequence = committed + 1;
}

/* Bounds how much recovery writes again after a power cut; a failure costs no more than that. */
static void save_watermark(const struct spool_writer *writer)
{
	if (fdatasync(writer->durable_fd))
		return;
}

static void flush_batch(struct spool_writer *writer, struct batch *batch)
{
	char *at = batch->bytes.p;
	size_t from = 0;

	while (from < batch->n) {
		enum err err = refuses(writer) ? ERR_UNAVAILABLE : ERR_OK;
		struct chunk chunk;

		pass_committed(writer);
		if (!err && batch->entries[from].bytes > current_rest(writer)) {
			err = preparer_take(writer, writer->next_sequence);
			save_watermark(writer);
		}
		chunk = take_chunk(batch, from, at, current_rest(writer));
		if (err)
			fail_chunk(writer, &chunk, err);
		else
			commit_chunk(writer, &chunk);
		from += chunk.n;
		at += chunk.bytes;
	}
	batch->n = 0;
	buf_reset(&batch->bytes);
	if (batch->bytes.cap > KEEP_BUFFER_BYTES)
		buf_release(&batch->bytes);
}

static void wait_for_work(struct spool_writer *writer)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += SWEEP_MS / 1000;
	pthread_cond_timedwait(&writer->submitted, &writer->lock, &until);
}

static void sweep_when_due(struct spool_writer *writer)
{
	int64_t now_ms = writer_now_ms();

	if (now_ms - writer->swept_at_ms < SWEEP_MS)
		return;
	writer->swept_at_ms = now_ms;
	writer_sweep(writer);
}

void *committer_run(void *argument)
{
	struct spool_writer *writer = argument;

	for (;;) {
		struct batch batch = writer->flushing;

		sweep_when_due(writer);
		pthread_mutex_lock(&writer->lock);
		if (!writer->filling.n && !writer->stop_committer)
			wait_for_work(writer);
		if (!writer->filling.n && writer->stop_committer)
			break;
		writer->flushing = writer->filling;
		writer->filling = batch;
		pthread_mutex_unlock(&writer->lock);
		flush_batch(writer, &writer->flushing);
	}
	pthread_mutex_unlock(&writer->lock);
	return NULL;
}
