/* store/pg/pg_priv.h -- what the files of this floor share of a connection. Knows: libpq. */
#pragma once
#include "store/pg/pg.h"

#include <libpq-fe.h>

/* NULL: there is none. */
PGconn *pg_connection(struct pg *pg);
/* Takes the result whatever it is; ERR_OK: it is the wanted one, and the caller's. Else pg_error tells. */
MUST_CHECK enum err pg_take(
	struct pg *pg, PGresult *take_result, ExecStatusType wanted, PGresult **ret_result);
/* What libpq says of a connection that failed, for pg_error. ERR_UNAVAILABLE. */
MUST_CHECK enum err pg_lost(struct pg *pg);
