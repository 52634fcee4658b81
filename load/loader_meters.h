/* load/loader_meters.h -- what was loaded, counted for whoever watches (spool/meter.h). Knows reports and words of the meters. */
#pragma once
#include "load/batch.h"

/* Items that are in the database as of now. */
void loader_count_stored(struct spool_reader *reader, const struct item *items, size_t n);
void loader_count_batch(struct spool_reader *reader, int64_t us);
/* The oldest of those that are not in the database yet. */
void loader_note_waiting(struct spool_reader *reader, const struct batch *batch);
