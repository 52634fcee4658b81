/* load/batch.h -- messages between the spool and the database: read, parsed, stored together.
 * Knows: which records make a batch and when all of them have their report. Does not know how they
 * are stored. Owns copies of what it read, in an arena that batch_reset empties.
 * Bounds: loader.batch_messages records, BATCH_BYTES of messages (or one larger message). */
#pragma once
#include "load/parser_pool.h"
#include "spool/spool.h"

enum { BATCH_BYTES = 64 << 20 };

struct item {
	uint64_t sequence;
	int64_t stored_at_us; /* when its record was committed */
	struct envelope envelope;
	struct job job;
};

struct batch {
	struct arena *arena;
	struct item *items; /* room for `max`; stays in place, since jobs are linked */
	size_t n, max, bytes;
	size_t stored; /* items that are in the database, the first ones */
	uint64_t from; /* the database's position: of the first record that is not stored */
	uint64_t to;   /* position behind the last */
};

void batch_init(struct batch *batch, size_t max);
void batch_release(struct batch *batch);
/* Empty; the next record is `position`. */
void batch_reset(struct batch *batch, uint64_t position);
/* Takes records from the reader until it is full or nothing more is durable, and submits each to the
 * pool. What cannot be read is logged and passed over: its bytes are in the lane's `damaged/`. */
MUST_CHECK enum err batch_fill(
	struct batch *batch, struct spool_reader *reader, struct parser_pool *pool);
/* There is something in it, and every message has its report. */
bool batch_parsed(const struct batch *batch);
/* Covers records of the spool, be they damaged: its position has to be stored. */
bool batch_has_progress(const struct batch *batch);
