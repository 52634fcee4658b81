/* spool/writer_priv.h -- the inside of a writer, shared by its callers' side (spool_writer.c), the
 * committer, the preparer of segments and recovery, which do not know each other but by one verb each.
 * `lock` guards everything below it in the struct; what stands above it is set at open, or belongs
 * to the committer alone. */
#pragma once
#include "spool/lane_priv.h"
#include "spool/spool.h"

#include <pthread.h>

/* Where spool_append waits. */
struct append_wait {
	enum err err;
	uint64_t sequence;
	bool done;
};

struct pending {
	uint64_t cookie;
	struct append_wait *wait; /* NULL: a completion is posted */
	size_t bytes;
};

/* Records that wait, one behind the other as on disk, and whose they are. */
struct batch {
	struct buf bytes;
	struct pending *entries;
	size_t n, cap;
};

struct completions {
	struct spool_completion *rows;
	size_t from, n, cap;
};

/* The committer's segment. fd -1: none, or poisoned: a sync of it failed, it is never written
 * again. */
struct open_segment {
	int fd;
	uint64_t first, offset, size;
	uint32_t seed;
};

struct spool_writer {
	struct spool_options options;
	int dir, lock_fd, durable_fd, committed_fd, wake_fd, done_fd;
	struct lane_page *durable, *committed;
	uint64_t id, next_sequence;
	struct batch flushing;
	int64_t swept_at_ms;

	pthread_mutex_t lock;
	pthread_cond_t submitted, prepared_or_failed, want_prepared, appended;
	pthread_t committer, preparer;
	bool committer_runs, preparer_runs, stop_committer, stop_preparer;
	struct open_segment current; /* written by the committer only, under the lock */
	struct batch filling;
	uint64_t waiting_bytes; /* of filling and of what the committer has not finished */
	struct completions done;
	int prepared_fd;
	uint64_t prepared_bytes; /* 0: none */
	bool prepare_now, preparing;
	bool naming; /* what was prepared is taken, and may still have the name of the next one */
	enum err prepare_err;
	uint64_t segment_bytes; /* of all segments on disk, the prepared one too */
	enum spool_state state;
	unsigned failures; /* batches in a row */
	int64_t retry_at_ms;
	struct spool_stats stats;
};

int64_t writer_now_ms(void);
/* Free space and quota allow one more segment (the lock is held). */
bool writer_may_grow(const struct spool_writer *writer);
/* ERR_NO_SPACE: `more` bytes would leave less than options.min_free_bytes. */
MUST_CHECK enum err writer_check_space(const struct spool_writer *writer, uint64_t more);
