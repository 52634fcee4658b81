/* spool/spool.h -- the promise behind every 250: append, group commit, recover, read, delete.
 * Knows: one lane = one folder = one writer and one reader, which may be two processes. Does not
 * know SMTP, the database, or what a message means: an envelope and a message are bytes. Touches
 * files in the lane's folder, nothing else. docs/spool.md has the format on one page.
 *
 * Bounds: a record fits into one segment; what waits for the committer is at most
 * SPOOL_BATCH_RECORDS records or SPOOL_BATCH_BYTES per sync, and SPOOL_PENDING_BYTES (or one
 * record) in all; the folder holds at most quota_bytes of segments.
 *
 * Why a sequence is never reused for another record that could have been read:
 *   1. The reader hands on a record only if its sequence is at most the watermark, and the writer
 *      raises the watermark only after the fdatasync that covers the record returned 0. So a
 *      position that somebody keeps elsewhere names a record that is on stable storage.
 *   2. Recovery keeps every whole record, writes those above the watermark once more (a page that a
 *      failed sync left "clean" gets dirty again), syncs, and only then raises the watermark. The
 *      next sequence is above the last record kept, the watermark and the reader's published
 *      position.
 *   3. After a failed batch the next segment starts at that batch's first sequence. Its records
 *      in the old segment were never at or below the watermark, so nobody read them; from now on
 *      the first sequence of the new segment bounds the old one for readers and for recovery. The
 *      new segment's name is synced before the watermark passes its first sequence, and the reader
 *      learns of the newest segment from the same shared page, written before the watermark.
 *   4. After a power cut the watermark on disk may be too low, never too high: it says what was
 *      synced when its page was written back. The reader then waits for the writer's recovery. */
#pragma once
#include "core/envelope.h"
#include "core/err.h"
#include "core/str.h"
#include "spool/counter.h"
#include "spool/meter.h"

#include <stdint.h>
#include <sys/types.h>

enum {
	SPOOL_BATCH_RECORDS = 64,
	SPOOL_BATCH_BYTES = 1 << 20,
	SPOOL_PENDING_BYTES = 64 << 20,
	SPOOL_SEGMENT_BYTES_MIN = 4096,
	SPOOL_POLL_MS = 1000, /* the longest wait of a reader's loop for spool_reader_fd */
};
#define SPOOL_SEGMENT_BYTES_DEFAULT ((uint64_t)64 << 20)
#define SPOOL_SEGMENT_BYTES_MAX     ((uint64_t)1 << 30)
/* min_free_bytes: the greater of two segments and a twentieth of the file system. */
#define SPOOL_MIN_FREE_AUTO UINT64_MAX

/* The calls whose failure the promise depends on, so that a test can make them fail. They follow
 * POSIX: -1 and errno. Called by several threads. */
struct spool_ops {
	ssize_t (*write_at)(int fd, const void *bytes, size_t n, off_t offset);
	int (*sync)(int fd);
	/* What an unprivileged process could still write, and the size of the whole; 0 or -1. */
	int (*space)(int fd, uint64_t *ret_free_bytes, uint64_t *ret_total_bytes);
};
extern const struct spool_ops spool_ops_system;

/* A zeroed segment costs as much writing as it has bytes. A server has the next one ready before it is
 * needed; a program that comes with one message and goes must not write 64 MiB for it. */
enum spool_prepare { SPOOL_PREPARE_AHEAD, SPOOL_PREPARE_ON_NEED };

struct spool_options {
	uint64_t segment_bytes; /* a multiple of 4096, SPOOL_SEGMENT_BYTES_MIN to _MAX */
	uint64_t quota_bytes;   /* segments together, the prepared one too; at least two segments */
	uint64_t min_free_bytes; /* refuse below this much free space in the file system */
	/* A segment stays this long after its last record and its commit, while room is not scarce. */
	int64_t retention_ms;
	enum spool_prepare prepare;
	int64_t retry_ms;            /* first wait after the writer failed; doubled up to 60 s */
	const struct spool_ops *ops; /* must live as long as the writer */
};
/* 64 MiB segments, a quota of 16 GiB, SPOOL_MIN_FREE_AUTO, one day, one second. */
void spool_options_init(struct spool_options *options);

/* The writer. Every function but open and close may be called by any thread. */
struct spool_writer;

enum spool_state {
	SPOOL_WORKING,
	SPOOL_LIMPING, /* the last batch failed; the next one tries a new segment */
	SPOOL_FAILED,  /* two in a row failed: refuses until a later retry succeeds */
	SPOOL_STATE_COUNT
};
struct str spool_state_name(enum spool_state state);

struct spool_completion {
	uint64_t cookie;
	enum err err;      /* ERR_OK: on stable storage */
	uint64_t sequence; /* 0 unless ERR_OK */
};
struct spool_stats {
	uint64_t records, bytes, syncs, failed_batches;
	uint64_t durable;       /* the watermark: last sequence on stable storage, 0: none */
	uint64_t committed;     /* as the reader published it */
	uint64_t segment_bytes; /* held by segments on disk, the prepared one too */
	uint64_t segments_deleted;
	uint64_t kept_bytes; /* of records that recovery found above the watermark and kept */
	enum spool_state state;
};

/* Makes the folder and what is in it where missing, takes the lane's lock, recovers, starts the
 * committer. ERR_CONFLICT: another writer has the lane; ERR_RANGE: an option; ERR_NEWER: records of
 * a later version; ERR_CORRUPT: `lane.id` is damaged; ERR_IO, ERR_NO_SPACE, ERR_DENIED. */
MUST_CHECK enum err spool_writer_open(
	const char *folder, const struct spool_options *options, struct spool_writer **ret_writer);
/* Commits what waits, stops the threads, gives the lock back. Completions not reaped are lost. */
void spool_writer_close(struct spool_writer *writer);
/* For CLEANUP(spool_writer_closep). */
void spool_writer_closep(struct spool_writer **writer);

/* The random id of the lane, made once. */
uint64_t spool_writer_id(const struct spool_writer *writer);
/* Most bytes of encoded envelope and message together that one record can hold. */
uint64_t spool_writer_max_bytes(const struct spool_writer *writer);
/* Would a record of `bytes` (encoded envelope and message) be taken now? ERR_NO_SPACE: quota or
 * free space; ERR_UNAVAILABLE: the writer has failed, or too much waits already. */
MUST_CHECK enum err spool_writer_room(struct spool_writer *writer, uint64_t bytes);
/* Hands over a copy of both; ERR_OK means that a completion with this cookie will come. Refuses as
 * spool_writer_room does; ERR_LIMIT: over spool_writer_max_bytes. */
MUST_CHECK enum err spool_submit(struct spool_writer *writer, const struct envelope *envelope,
	struct str message, uint64_t cookie);
/* Readable (an eventfd) while completions wait; spool_writer_reap makes it unreadable again. */
int spool_writer_fd(const struct spool_writer *writer);
/* Moves at most n completions to `room`; returns how many. Call until it returns less than n. */
size_t spool_writer_reap(struct spool_writer *writer, struct spool_completion *room, size_t n);
/* spool_submit and the wait for its end, for callers without an event loop. Calls of several
 * threads share a sync. */
MUST_CHECK enum err spool_append(struct spool_writer *writer, const struct envelope *envelope,
	struct str message, uint64_t *ret_sequence);

/* A number of this process for whoever watches (spool/backlog.h); all are 0 when a writer is opened. */
void spool_writer_set_counter(struct spool_writer *writer, enum counter counter, uint64_t value);
/* Those of METER_OF_WRITER, likewise. */
meter_word *spool_writer_meters(struct spool_writer *writer);
enum spool_state spool_writer_state(struct spool_writer *writer);
void spool_writer_stats(struct spool_writer *writer, struct spool_stats *ret_stats);

/* The reader. One thread. It never changes a segment. */
struct spool_reader;

enum spool_record_kind {
	SPOOL_MESSAGE,
	SPOOL_DAMAGE, /* records `sequence` to `last_sequence` cannot be read and will not come */
	/* The same of records in front of which nobody was told anything: a power cut in the middle of a batch kept what
	 * stood behind them. As far as can be known: see docs/spool.md. */
	SPOOL_TORN,
};
struct spool_record {
	enum spool_record_kind kind;
	uint64_t sequence, last_sequence; /* equal for a message */
	int64_t stored_at_us;             /* of a message: when the writer committed it */
	struct str envelope; /* encoded (core/envelope.h); borrowed until the next call */
	struct str message;  /* borrowed likewise; of damage: its first bytes */
	/* Of damage: where it was, and whether the copy in `damaged/` could be made. A missing
	 * segment has 0 bytes and no copy. */
	uint64_t segment, offset, bytes;
	enum err aside;
};

/* What a lane says of a record that was loaded from it once. */
enum spool_history {
	SPOOL_HISTORY_SAME,    /* it is there */
	SPOOL_HISTORY_OTHER,   /* another one has its sequence, or the lane ends before it */
	SPOOL_HISTORY_UNKNOWN, /* it is deleted or damaged, or nobody knows when it was committed */
};

/* ERR_NOT_FOUND: no writer has made this lane yet: try again later. */
MUST_CHECK enum err spool_reader_open(const char *folder, struct spool_reader **ret_reader);
void spool_reader_close(struct spool_reader *reader);
/* For CLEANUP(spool_reader_closep). */
void spool_reader_closep(struct spool_reader **reader);
uint64_t spool_reader_id(const struct spool_reader *reader);
/* The next record is the first above `sequence`; 0: from the start. A reader starts there, too. */
MUST_CHECK enum err spool_reader_seek(struct spool_reader *reader, uint64_t sequence);
/* Compares by the time of the commit (0: not known), whatever the watermark says: after a power cut that may
 * be too low. OTHER: the folder was set back to an older copy, and the sequences above that copy's end were or
 * will be given out again. A reader stays where it is. */
MUST_CHECK enum err spool_reader_compare(struct spool_reader *reader, uint64_t sequence,
	int64_t stored_at_us, enum spool_history *ret_history);
/* The first sequence that the folder may still hold. */
MUST_CHECK enum err spool_reader_oldest(struct spool_reader *reader, uint64_t *ret_sequence);
/* ERR_NOT_FOUND: none is durable yet (two loads from shared memory, no system call). ERR_IO: the
 * same call may succeed later. ERR_NEWER: needs a later version of this program. After SPOOL_DAMAGE
 * the caller's position is its last_sequence, and after SPOOL_TORN. */
MUST_CHECK enum err spool_reader_next(struct spool_reader *reader, struct spool_record *ret_record);
/* Readable when a batch became durable (a FIFO, never blocking, -1 where it could not be made).
 * Wait at most SPOOL_POLL_MS for it, call spool_reader_drain, then spool_reader_next until
 * ERR_NOT_FOUND. Drain first: a wake-up that comes in between is then not lost. */
int spool_reader_fd(const struct spool_reader *reader);
void spool_reader_drain(struct spool_reader *reader);
/* Everything up to `sequence` is in the database for good: the writer may delete it when the
 * retention is over. Never goes back. */
void spool_reader_publish(struct spool_reader *reader, uint64_t sequence);
/* Those of METER_OF_READER, all 0 when a reader is opened (spool/backlog.h). */
meter_word *spool_reader_meters(struct spool_reader *reader);
/* The oldest record that was handed on and is not published yet. */
void spool_reader_note_waiting(
	struct spool_reader *reader, uint64_t sequence, int64_t stored_at_us);
/* Whether the database can take what waits, whatever that is; false when a reader is opened. */
void spool_reader_note_stuck(struct spool_reader *reader, bool stuck);
/* How many sequences are durable and not yet handed on. */
uint64_t spool_reader_backlog(const struct spool_reader *reader);
