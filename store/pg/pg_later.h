/* store/pg/pg_later.h -- a statement that the server is at while its caller does something else.
 * Knows: libpq. Does not know what the statement means. Between begin and end nothing else goes over the connection. */
#pragma once
#include "store/pg/pg.h"

/* One without values. ERR_OK: sent. */
MUST_CHECK enum err pg_later_begin(struct pg *pg, enum query query);
/* Waits for it; pg_error tells why not. */
MUST_CHECK enum err pg_later_end(struct pg *pg);
