/* store/pg/pg_copy_in.h -- rows into a table, as they come: the server takes them in while the next are made.
 * Knows: COPY of libpq. Does not know what rows mean. Between begin and end nothing else can be asked on the connection.
 * Errors: as of pg_run; after one the transaction is as good as over, and end need not be called. */
#pragma once
#include "store/pg/pg.h"

/* `query` is a COPY ... FROM STDIN (FORMAT binary); what is put begins with copy_header of store/form/copy.h and ends with copy_trailer. */
MUST_CHECK enum err pg_copy_in_begin(struct pg *pg, enum query query);
MUST_CHECK enum err pg_copy_in_put(struct pg *pg, struct str bytes);
MUST_CHECK enum err pg_copy_in_end(struct pg *pg);
/* All of it at once, header and trailer within. */
MUST_CHECK enum err pg_copy(struct pg *pg, enum query query, struct str rows);
/* Likewise of rows that have a header; the trailer stands behind them for the time of the call. */
MUST_CHECK enum err pg_copy_in(struct pg *pg, enum query query, struct buf *rows);
