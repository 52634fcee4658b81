#include "spool/committer_priv.h"
#include "spool/preparer_priv.h"
#include "spool/recovery_priv.h"
#include "spool/writer_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum { SEGMENT_ALIGN = 4096 };
#define LOCK_FILE "lock"

static ssize_t system_write_at(int fd, const void *bytes, size_t n, off_t offset)
{
	return pwrite(fd, bytes, n, offset);
}

static int system_space(int fd, uint64_t *ret_free_bytes, uint64_t *ret_total_bytes)
{
	struct statvfs fs;

	if (fstatvfs(fd, &fs))
		return -1;
	*ret_free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	*ret_total_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	return 0;
}

const struct spool_ops spool_ops_system = { system_write_at, fdatasync, system_space };

void spool_options_init(struct spool_options *options)
{
	*options = (struct spool_options){
		.segment_bytes = SPOOL_SEGMENT_BYTES_DEFAULT,
		.quota_bytes = (uint64_t)16 << 30,
		.min_free_bytes = SPOOL_MIN_FREE_AUTO,
		.retention_ms = (int64_t)24 * 3600 * 1000,
		.retry_ms = 1000,
		.ops = &spool_ops_system,
	};
}

struct str spool_state_name(enum spool_state state)
{
	static const struct str names[SPOOL_STATE_COUNT] = {
		[SPOOL_WORKING] = STR_INIT("working"),
		[SPOOL_LIMPING] = STR_INIT("limping"),
		[SPOOL_FAILED] = STR_INIT("failed"),
	};

	return names[state];
}

/* Room in segments that exist or that the quota allows. */
static bool quota_holds(const struct spool_writer *writer, uint64_t bytes)
{
	const struct open_segment *current = &writer->current;
	uint64_t segment = writer->options.segment_bytes, quota = writer->options.quota_bytes;
	uint64_t used = writer->segment_bytes, need = writer->waiting_bytes + bytes, more = 0;

	if (current->fd >= 0 && need <= current->size - current->offset)
		return true;
	more = writer->prepared_bytes || writer->preparing ? segment : 0;
	if (used < quota)
		more += (quota - used) / segment * segment;
	return need <= more;
}

/* The lock is held; `bytes` is the padded size of a record. */
static enum err check_room(struct spool_writer *writer, uint64_t bytes)
{
	if (writer->state == SPOOL_FAILED && writer_now_ms() < writer->retry_at_ms)
		return ERR_UNAVAILABLE;
	if (writer->waiting_bytes && writer->waiting_bytes + bytes > SPOOL_PENDING_BYTES)
		return ERR_UNAVAILABLE;
	return quota_holds(writer, bytes) ? writer_check_space(writer, 0) : ERR_NO_SPACE;
}

enum err spool_writer_room(struct spool_writer *writer, uint64_t bytes)
{
	enum err err;

	if (bytes > spool_writer_max_bytes(writer))
		return ERR_LIMIT;
	pthread_mutex_lock(&writer->lock);
	err = check_room(writer, record_bytes(bytes));
	pthread_mutex_unlock(&writer->lock);
	return err;
}

uint64_t spool_writer_max_bytes(const struct spool_writer *writer)
{
	return writer->options.segment_bytes - RECORD_HEADER_BYTES;
}

static void add_entry(struct batch *batch, struct pending entry)
{
	if (batch->n == batch->cap) {
		batch->cap = batch->cap ? batch->cap * 2 : SPOOL_BATCH_RECORDS;
		batch->entries = reallocarray(batch->entries, batch->cap, sizeof *batch->entries);
		if (!batch->entries)
			abort();
	}
	batch->entries[batch->n++] = entry;
}

/* The lock is held. */
static enum err submit_locked(struct spool_writer *writer, const struct envelope *envelope,
	struct str message, struct pending entry)
{
	struct batch *batch = &writer->filling;
	enum err err = ERR_OK;

	if (message.n > spool_writer_max_bytes(writer))
		return ERR_LIMIT;
	entry.bytes = record_put(&batch->bytes, envelope, message);
	if (!entry.bytes || entry.bytes > writer->options.segment_bytes)
		err = ERR_LIMIT;
	else
		err = check_room(writer, entry.bytes);
	if (err) {
		batch->bytes.n -= entry.bytes;
		return err;
	}
	add_entry(batch, entry);
	writer->waiting_bytes += entry.bytes;
	pthread_cond_signal(&writer->submitted);
	return ERR_OK;
}

enum err spool_submit(struct spool_writer *writer, const struct envelope *envelope,
	struct str message, uint64_t cookie)
{
	enum err err;

	pthread_mutex_lock(&writer->lock);
	err = submit_locked(writer, envelope, message, (struct pending){ .cookie = cookie });
	pthread_mutex_unlock(&writer->lock);
	return err;
}

enum err spool_append(struct spool_writer *writer, const struct envelope *envelope,
	struct str message, uint64_t *ret_sequence)
{
	struct append_wait wait = { 0 };
	enum err err;

	pthread_mutex_lock(&writer->lock);
	err = submit_locked(writer, envelope, message, (struct pending){ .wait = &wait });
	while (!err && !wait.done)
		pthread_cond_wait(&writer->appended, &writer->lock);
	pthread_mutex_unlock(&writer->lock);
	if (err)
		return err;
	if (!wait.err)
		*ret_sequence = wait.sequence;
	return wait.err;
}

int spool_writer_fd(const struct spool_writer *writer)
{
	return writer->done_fd;
}

size_t spool_writer_reap(struct spool_writer *writer, struct spool_completion *room, size_t n)
{
	struct completions *done = &writer->done;
	eventfd_t count;

	pthread_mutex_lock(&writer->lock);
	if (n > done->n)
		n = done->n;
	if (n)
		memcpy(room, done->rows + done->from, n * sizeof *room);
	done->from += n;
	done->n -= n;
	if (!done->n) {
		done->from = 0;
		/* Nonblocking: fails where nothing was signalled, which is as good. */
		if (eventfd_read(writer->done_fd, &count))
			count = 0;
	}
	pthread_mutex_unlock(&writer->lock);
	return n;
}

uint64_t spool_writer_id(const struct spool_writer *writer)
{
	return writer->id;
}

void spool_writer_set_counter(struct spool_writer *writer, enum counter counter, uint64_t value)
{
	atomic_store_explicit(&writer->durable->counters[counter], value, memory_order_relaxed);
}

meter_word *spool_writer_meters(struct spool_writer *writer)
{
	return writer->durable->meters;
}

enum spool_state spool_writer_state(struct spool_writer *writer)
{
	enum spool_state state;

	pthread_mutex_lock(&writer->lock);
	state = writer->state;
	pthread_mutex_unlock(&writer->lock);
	return state;
}

void spool_writer_stats(struct spool_writer *writer, struct spool_stats *ret_stats)
{
	pthread_mutex_lock(&writer->lock);
	*ret_stats = writer->stats;
	ret_stats->state = writer->state;
	ret_stats->segment_bytes = writer->segment_bytes;
	pthread_mutex_unlock(&writer->lock);
	ret_stats->durable = lane_load(&writer->durable->sequence);
	ret_stats->committed = lane_load(&writer->committed->sequence);
}

static enum err check_options(const struct spool_options *options)
{
	bool good = options->segment_bytes >= SPOOL_SEGMENT_BYTES_MIN &&
		    options->segment_bytes <= SPOOL_SEGMENT_BYTES_MAX &&
		    options->segment_bytes % SEGMENT_ALIGN == 0 &&
		    options->quota_bytes / 2 >= options->segment_bytes &&
		    options->retention_ms >= 0 && options->retry_ms > 0;

	return good ? ERR_OK : ERR_RANGE;
}

/* The lane's own name, too, is on stable storage before anything in it is acknowledged. */
static enum err sync_around(int dir)
{
	int around = openat(dir, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err = ERR_OK;

	if (around < 0)
		return err_from_errno(errno);
	if (fsync(around))
		err = err_from_errno(errno);
	close(around);
	return err;
}

static enum err open_folder(const char *folder, int *ret_dir)
{
	int dir;

	if (mkdir(folder, 0700) && errno != EEXIST)
		return err_from_errno(errno);
	dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_from_errno(errno);
	*ret_dir = dir;
	return sync_around(dir);
}

static enum err take_lock(struct spool_writer *writer)
{
	writer->lock_fd = openat(writer->dir, LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (writer->lock_fd < 0)
		return err_from_errno(errno);
	if (!flock(writer->lock_fd, LOCK_EX | LOCK_NB))
		return ERR_OK;
	return errno == EWOULDBLOCK ? ERR_CONFLICT : err_from_errno(errno);
}

static enum err open_lane(struct spool_writer *writer)
{
	enum err err = take_lock(writer);

	if (!err)
		err = lane_read_id(writer->dir, &writer->id);
	if (err == ERR_NOT_FOUND)
		err = lane_make_id(writer->dir, &writer->id);
	if (!err)
		err = lane_map(
			writer->dir, "durable", LANE_WRITE, &writer->durable_fd, &writer->durable);
	if (!err)
		err = lane_map(writer->dir, "committed", LANE_WRITE, &writer->committed_fd,
			&writer->committed);
	if (!err)
		lane_reset_numbers(writer->durable);
	return err ? err : writer_recover(writer);
}

static void init_locks(struct spool_writer *writer)
{
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&writer->lock, NULL);
	pthread_cond_init(&writer->submitted, &monotonic);
	pthread_cond_init(&writer->prepared_or_failed, NULL);
	pthread_cond_init(&writer->want_prepared, NULL);
	pthread_cond_init(&writer->appended, NULL);
	pthread_condattr_destroy(&monotonic);
}

static struct spool_writer *writer_new(const struct spool_options *options)
{
	struct spool_writer *writer = calloc(1, sizeof *writer);

	if (!writer)
		abort();
	writer->options = *options;
	writer->dir = writer->lock_fd = writer->wake_fd = writer->done_fd = -1;
	writer->current.fd = writer->prepared_fd = -1;
	buf_init(&writer->filling.bytes, SIZE_MAX / 4);
	buf_init(&writer->flushing.bytes, SIZE_MAX / 4);
	init_locks(writer);
	return writer;
}

static enum err start_threads(struct spool_writer *writer)
{
	writer->prepare_now = writer->options.prepare == SPOOL_PREPARE_AHEAD;
	writer->preparer_runs = !pthread_create(&writer->preparer, NULL, preparer_run, writer);
	if (writer->preparer_runs)
		writer->committer_runs =
			!pthread_create(&writer->committer, NULL, committer_run, writer);
	return writer->committer_runs ? ERR_OK : ERR_UNAVAILABLE;
}

enum err spool_writer_open(
	const char *folder, const struct spool_options *options, struct spool_writer **ret_writer)
{
	CLEANUP(spool_writer_closep) struct spool_writer *writer = NULL;
	enum err err = check_options(options);

	if (err)
		return err;
	writer = writer_new(options);
	err = open_folder(folder, &writer->dir);
	if (!err)
		err = open_lane(writer);
	if (err)
		return err;
	writer->wake_fd = lane_open_wake(writer->dir);
	writer->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (writer->done_fd < 0)
		return err_from_errno(errno);
	err = start_threads(writer);
	if (err)
		return err;
	*ret_writer = writer;
	writer = NULL;
	return ERR_OK;
}

static void stop_threads(struct spool_writer *writer)
{
	if (writer->committer_runs) {
		pthread_mutex_lock(&writer->lock);
		writer->stop_committer = true;
		pthread_cond_signal(&writer->submitted);
		pthread_mutex_unlock(&writer->lock);
		pthread_join(writer->committer, NULL);
	}
	if (writer->preparer_runs) {
		pthread_mutex_lock(&writer->lock);
		writer->stop_preparer = true;
		pthread_cond_signal(&writer->want_prepared);
		pthread_mutex_unlock(&writer->lock);
		pthread_join(writer->preparer, NULL);
	}
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

static void batch_release(struct batch *batch)
{
	buf_release(&batch->bytes);
	free(batch->entries);
}

void spool_writer_close(struct spool_writer *writer)
{
	if (!writer)
		return;
	stop_threads(writer);
	close_fd(writer->current.fd);
	close_fd(writer->prepared_fd);
	close_fd(writer->wake_fd);
	close_fd(writer->done_fd);
	lane_unmap(writer->durable_fd, writer->durable);
	lane_unmap(writer->committed_fd, writer->committed);
	close_fd(writer->lock_fd); /* last of the lane's files: another writer may start now */
	close_fd(writer->dir);
	batch_release(&writer->filling);
	batch_release(&writer->flushing);
	free(writer->done.rows);
	pthread_mutex_destroy(&writer->lock);
	pthread_cond_destroy(&writer->submitted);
	pthread_cond_destroy(&writer->prepared_or_failed);
	pthread_cond_destroy(&writer->want_prepared);
	pthread_cond_destroy(&writer->appended);
	free(writer);
}

void spool_writer_closep(struct spool_writer **writer)
{
	spool_writer_close(*writer);
}
