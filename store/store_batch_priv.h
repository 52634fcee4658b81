/* store/store_batch_priv.h -- what a batch holds until it is committed, for the two files that make it. */
#pragma once
#include "store/form/copy.h"
#include "store/store_priv.h"

/* Who asked not to be mailed; few do by mail. */
struct unsubscribed {
	struct str address, stream;
	int64_t at_us;
	struct unsubscribed *next;
};

struct store_batch {
	struct store *store;
	char spool_id[STORE_SPOOL_ID_BYTES];
	size_t spool_id_n;
	struct buf messages, raws, events, decisions; /* rows of COPY, without the trailer */
	size_t n_messages, n_decisions;
	uint64_t
		last_sequence; /* of the message that was added last, and when its record was committed */
	int64_t last_stored_at_us;
	bool told;                       /* new events are put aside (store_hook.h) */
	const struct store_judge *judge; /* NULL: nobody */
	struct arena *scratch;           /* of one store_batch_add */
	struct store_log_rows log;       /* see store_log.h */
	struct arena *lasting;           /* until the batch is reset */
	struct unsubscribed *unsubscribed;
};

struct str store_batch_spool_id(const struct store_batch *batch);
