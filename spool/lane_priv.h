/* spool/lane_priv.h -- what writer and reader of a lane share: names, the id, the two shared pages,
 * the wake-up, and reading a segment. Touches files of the lane's folder. */
#pragma once
#include "core/buf.h"
#include "core/err.h"
#include "spool/counter.h"
#include "spool/meter.h"
#include "spool/record.h"

#include <stdatomic.h>
#include <stddef.h>

enum { LANE_NAME_BYTES = 32, LANE_PAGE_BYTES = 4096, LANE_COUNTERS = 24, LANE_TORN = 4 };
#define LANE_SEQUENCE_MAX (UINT64_MAX / 4) /* a page that says more was not written by us */
#define LANE_PREPARED     "next.tmp"
#define LANE_DAMAGED      "damaged"

/* A page of `durable` or `committed`, mapped by both sides. All zero: a page that nobody wrote. */
struct lane_page {
	_Atomic uint64_t sequence;
	_Atomic uint64_t
		segment; /* durable: first sequence of the newest segment; written before */
	_Atomic uint64_t counters[LANE_COUNTERS]; /* durable: of this run of the writer's process */
	/* A record that waits, and when it was stored. durable: the first that came when no other waited; committed: the
	 * oldest that the reader has in hand. */
	_Atomic uint64_t waiting_sequence, waiting_us;
	meter_word meters[METER_WORDS]; /* of this run of the writer's or the reader's process */
	union {
		/* durable: what the last recoveries that met such a thing missed of a batch that nobody was told of; 0: nothing */
		struct {
			_Atomic uint64_t from, to;
		} torn[LANE_TORN];
		/* committed: 1 while the database cannot take what is waiting */
		_Atomic uint64_t stuck;
	};
};
_Static_assert((int)COUNTER_COUNT <= (int)LANE_COUNTERS, "each has its word");
_Static_assert(offsetof(struct lane_page, counters) == 16, "so that old files stay readable");
_Static_assert(sizeof(struct lane_page) <= LANE_PAGE_BYTES, "a page");

enum lane_access { LANE_READ, LANE_WRITE };

/* "00000000000000000001.seg" */
void lane_segment_name(uint64_t segment, char room[static LANE_NAME_BYTES]);
/* First sequences of the segments in the folder, ascending; to be freed. */
MUST_CHECK enum err lane_list(int dir, uint64_t **ret_segments, size_t *ret_n);
/* ERR_NOT_FOUND without a file, ERR_CORRUPT for one that lane_make_id did not write. */
MUST_CHECK enum err lane_read_id(int dir, uint64_t *ret_id);
MUST_CHECK enum err lane_make_id(int dir, uint64_t *ret_id);
/* LANE_WRITE makes the file; LANE_READ says ERR_NOT_FOUND until it is there in full. */
MUST_CHECK enum err lane_map(int dir, const char *name, enum lane_access access, int *ret_fd,
	struct lane_page **ret_page);
void lane_unmap(int fd, struct lane_page *page);
/* A page's number, or 0 where it cannot be one of ours. */
uint64_t lane_load(const _Atomic uint64_t *word);
/* What this process counts begins at nothing; what the page says of the lane stays. */
void lane_reset_numbers(struct lane_page *page);
void lane_note_waiting(struct lane_page *page, uint64_t sequence, int64_t stored_at_us);
/* The FIFO `wake`, open at both ends so that neither side ever blocks; -1 without one. */
int lane_open_wake(int dir);
void lane_wake(int fd);
void lane_drain(int fd);

/* A segment open for reading, through a window of its bytes. */
struct segment {
	int fd; /* -1: none */
	uint64_t first, size;
	uint32_t seed;
	struct buf window;
	uint64_t window_at;
};
enum segment_access { SEGMENT_READ, SEGMENT_REPAIR };

void segment_init(struct segment *segment);
void segment_release(struct segment *segment);
/* ERR_NOT_FOUND: no such segment. Closes the one before. */
MUST_CHECK enum err segment_open(struct segment *segment, int dir, uint64_t lane_id, uint64_t first,
	enum segment_access access);
/* The record at `offset`, read from the file if the window does not have it whole. The record
 * borrows from the window: valid until the next call. ERR_IO: the file could not be read. */
MUST_CHECK enum err segment_read(struct segment *segment, uint64_t offset,
	enum record_state *ret_state, struct record *ret_record);
/* The first whole record at or after `offset` whose sequence is from..to. ERR_NOT_FOUND: none. */
MUST_CHECK enum err segment_find(struct segment *segment, uint64_t offset, uint64_t from,
	uint64_t to, uint64_t *ret_offset, struct record *ret_record);
/* Bytes from offset on, at most n, fewer at the end; borrowed from the window. */
MUST_CHECK enum err segment_bytes(
	struct segment *segment, uint64_t offset, uint64_t n, struct str *ret_bytes);
/* Behind the last byte at or after `offset` that is not zero, rounded up to RECORD_ALIGN. */
MUST_CHECK enum err segment_data_end(struct segment *segment, uint64_t offset, uint64_t *ret_end);
