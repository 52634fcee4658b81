/* store/store_log.h -- what the mail system's own log adds to a batch, in the batch's one transaction.
 * Knows: volumes that add up, how far a log is counted, deliveries to addresses that something counts against.
 * Does not know files or formats. Rows are kept in the batch until store_batch_reset. */
#pragma once
#include "core/arena.h"
#include "store/store.h"

enum { STORE_LOG_STATE_BYTES = 8 << 20, STORE_LOG_TAIL_BYTES = 256 };

struct store_log {
	struct str log, format; /* the log that the file belongs to, "" for an import; its format */
	int64_t seen_at_us;     /* it was read as far as it went then */
	struct str tail, state; /* any bytes, at most STORE_LOG_TAIL_BYTES, STORE_LOG_STATE_BYTES */
};

/* ERR_LIMIT: too long a text. */
MUST_CHECK enum err store_batch_set_log(struct store_batch *batch, const struct store_log *log);
/* These are added to what the key has. ERR_LIMIT: the batch is full: commit first. ERR_RANGE: as
 * store_volume_put; nothing is added then. */
MUST_CHECK enum err store_batch_add_volumes(
	struct store_batch *batch, const struct store_volume *rows, size_t n);
/* Mail for this address was accepted. It is remembered where a failure counts against the address, else forgotten.
 * An address that no list may hold is passed over. ERR_LIMIT: the batch is full. */
MUST_CHECK enum err store_batch_add_delivered(
	struct store_batch *batch, struct str address, struct str stream, int64_t at_us);

/* The file by its id in spool_position. Texts in `arena`. ERR_NOT_FOUND: never seen. */
MUST_CHECK enum err store_log_find(struct store *store, struct str spool_id, struct arena *arena,
	struct store_log *ret_log, uint64_t *ret_position);
/* Of the files of a log the one that was read last. ERR_NOT_FOUND. */
MUST_CHECK enum err store_log_last(
	struct store *store, struct str log, struct arena *arena, struct store_log *ret_log);
/* When mail was last accepted for an address after something counted against it. TIMESTAMP_NONE: not known. */
MUST_CHECK enum err store_delivered(
	struct store *store, struct str address, struct str stream, int64_t *ret_at_us);
/* Forgets what readers remembered of mails under way before `before_us`, which are addresses, and deliveries to
 * addresses that nothing counts against any more. Positions stay. */
MUST_CHECK enum err store_log_forget(struct store *store, int64_t before_us);
