/* spool/preparer_priv.h -- the thread that makes segments before they are needed. */
#pragma once
#include "spool/writer_priv.h"

/* Its body; the argument is a struct spool_writer. */
void *preparer_run(void *writer);
/* Takes the prepared segment, waiting for it, as the one that starts at `first`. */
MUST_CHECK enum err preparer_take(struct spool_writer *writer, uint64_t first);
