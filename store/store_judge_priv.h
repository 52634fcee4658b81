/* store/store_judge_priv.h -- judging within a transaction of somebody else's. */
#pragma once
#include "store/pg/pg.h"
#include "store/store_judge.h"
#include "store/store_priv.h"

/* Makes the temporary tables; outside of a transaction. */
MUST_CHECK enum err store_judge_tables(struct store *store);
/* Evidence of a batch, and the keys of the entries that it is against. */
MUST_CHECK enum err store_judge_evidence(struct store *store, const struct store_judge *judge);
/* Judges all entries whose keys stand in judge_key, which the caller has locked (JUDGE_LOCK, BATCH_HEADS). `now_us` TIMESTAMP_NONE: a change is dated by its events. */
MUST_CHECK enum err store_judge_keys(
	struct store *store, const struct store_judge *judge, int64_t now_us);
