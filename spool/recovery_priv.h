/* spool/recovery_priv.h -- what an earlier run left in the lane: found again, and deleted when its time is over. */
#pragma once
#include "spool/writer_priv.h"

/* Recovery, before any thread runs: sets current, next_sequence, segment_bytes, the watermark. */
MUST_CHECK enum err writer_recover(struct spool_writer *writer);
/* Deletes what is committed and over its retention. */
void writer_sweep(struct spool_writer *writer);
