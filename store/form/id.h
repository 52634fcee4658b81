/* store/form/id.h -- the ids of messages and events: when they came, then which record they are of. Pure. */
#pragma once
#include "core/timestamp.h"
#include "store/form/uuid.h"

/* The id of a message (number 0) or of its nth event (number 1...): UUIDv8 (RFC 9562 5.8), the
 * milliseconds of received_at in front, so that indexes grow at their end, then 74 bits of a hash of
 * all four. Pure: a replay meets itself. */
struct uuid store_id(
	int64_t received_at_us, struct str spool_id, uint64_t sequence, uint32_t number);
/* The lowest id of a moment, and the moment of an id. */
struct uuid store_id_lowest(int64_t at_us);
int64_t store_id_received_ms(const struct uuid *id);
