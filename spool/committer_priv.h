/* spool/committer_priv.h -- the thread that makes records durable, many with one sync. */
#pragma once

/* Its body; the argument is a struct spool_writer. */
void *committer_run(void *writer);
