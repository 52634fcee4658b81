#include "store/pg/pg_copy_in.h"

#include "store/pg/pg_priv.h"

enum err pg_copy_in_begin(struct pg *pg, enum query query)
{
	PGresult *result = PQexec(pg_connection(pg), pg_sql(query));
	enum err err = pg_take(pg, result, PGRES_COPY_IN, &result);

	if (!err)
		PQclear(result);
	return err;
}

enum err pg_copy_in_put(struct pg *pg, struct str bytes)
{
	const size_t piece_bytes = 1u << 20;

	while (bytes.n) {
		struct str piece = str_head(bytes, piece_bytes);

		if (PQputCopyData(pg_connection(pg), piece.p, (int)piece.n) != 1)
			return pg_lost(pg);
		bytes = str_skip(bytes, piece.n);
	}
	return ERR_OK;
}

enum err pg_copy_in_end(struct pg *pg)
{
	PGresult *result = NULL, *extra;
	enum err err;

	if (PQputCopyEnd(pg_connection(pg), NULL) != 1)
		return pg_lost(pg);
	err = pg_take(pg, PQgetResult(pg_connection(pg)), PGRES_COMMAND_OK, &result);
	if (!err)
		PQclear(result);
	while ((extra = PQgetResult(pg_connection(pg))))
		PQclear(extra);
	return err;
}

enum err pg_copy(struct pg *pg, enum query query, struct str rows)
{
	enum err err = pg_copy_in_begin(pg, query);

	if (!err)
		err = pg_copy_in_put(pg, rows);
	return err ? err : pg_copy_in_end(pg);
}

enum err pg_copy_in(struct pg *pg, enum query query, struct buf *rows)
{
	const size_t n = rows->n;
	enum err err;

	copy_trailer(rows);
	err = buf_check(rows);
	if (!err)
		err = pg_copy(pg, query, buf_str(rows));
	rows->n = n;
	return err;
}
