/* spool/record.h -- one record of a segment: header, encoded envelope, raw message, padding.
 * Knows: the layout below and its checksums. Does not know files. Pure. Texts of a record borrow
 * from the bytes that it was read from.
 *
 *   0 u32 magic    8 u32 envelope bytes   16 u64 sequence      32 u32 CRC-32C of the body
 *   4 u32 version 12 u32 message bytes    24 i64 time (us)     36 u32 CRC-32C of bytes 0 to 35
 *   40 envelope, message, zeros to a multiple of 8: the body.           Numbers are little-endian.
 *
 * Both checksums start from a seed of the lane's random id and the segment's first sequence: a peer
 * cannot put the image of a record into a message, and a record of another lane is damage.
 *
 * The time of a batch's first record is a multiple of RECORD_BATCH, and each next one's is one more: so every
 * record tells where the batch began that it was synced with. */
#pragma once
#include "core/buf.h"
#include "core/envelope.h"
#include "core/str.h"

enum { RECORD_HEADER_BYTES = 40, RECORD_ALIGN = 8, RECORD_VERSION = 1, RECORD_BATCH = 64 };
#define RECORD_MAGIC 0xb0cedf1du

struct record {
	uint64_t sequence;
	int64_t stored_at_us;
	struct str envelope, message;
	struct str whole; /* header and padding included */
};

enum record_state {
	RECORD_WHOLE,
	RECORD_EMPTY, /* zeros where a header would stand: nothing was written here */
	RECORD_BAD,
	RECORD_SHORT, /* a good header, and fewer bytes than it speaks of */
	RECORD_NEWER, /* a good header of a later version */
};

uint32_t record_seed(uint64_t lane_id, uint64_t segment);
/* The first sequence of its batch; that of itself, or a lower one, for a record from before times told it. */
uint64_t record_batch(const struct record *record);
/* Padded size of a record with this much envelope and message. */
uint64_t record_bytes(uint64_t envelope_and_message);
/* Appends a record without sequence, time and checksums; returns its size, 0 when out is full. */
size_t record_put(struct buf *out, const struct envelope *envelope, struct str message);
/* Fills in what record_put left out. `room` has the size that record_put returned. */
void record_seal(char *room, uint32_t seed, uint64_t sequence, int64_t stored_at_us);
/* The header at the start of `bytes`: RECORD_SHORT and the whole record's size for a good one. */
enum record_state record_peek(struct str bytes, uint32_t seed, uint64_t *ret_bytes);
/* The record at the start of `bytes`; written only for RECORD_WHOLE. */
enum record_state record_read(struct str bytes, uint32_t seed, struct record *ret_record);
/* Position of the first place at or after `from`, a multiple of 8, where a magic stands, or n. */
size_t record_next_magic(struct str bytes, size_t from);
