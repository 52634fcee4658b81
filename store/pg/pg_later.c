#include "store/pg/pg_later.h"

#include "store/pg/pg_priv.h"

enum err pg_later_begin(struct pg *pg, enum query query)
{
	return PQsendQuery(pg_connection(pg), pg_sql(query)) ? ERR_OK : pg_lost(pg);
}

enum err pg_later_end(struct pg *pg)
{
	PGresult *result = NULL, *extra;
	enum err err = pg_take(pg, PQgetResult(pg_connection(pg)), PGRES_COMMAND_OK, &result);

	if (!err)
		PQclear(result);
	while ((extra = PQgetResult(pg_connection(pg))))
		PQclear(extra);
	return err;
}
