/* store/pg/pg_copy_out.h -- all rows of a query, one by one, while the server still looks for the next: what a list of millions is
 * read with. A cursor has one of both wait for the other, and keeps the server to one process; this does neither.
 * Knows: the binary form of COPY (PostgreSQL documentation, COPY, "Binary Format"). Does not know what rows mean. Nothing else can be asked
 * on the connection until pg_copy_out_end. COPY takes no values: a query takes them from settings of its transaction.
 * Errors: as of pg_run; ERR_CORRUPT: what came is no such form. */
#pragma once
#include "store/pg/pg.h"

struct pg_copy_out;

/* `query` is a COPY ... TO STDOUT (FORMAT binary). */
MUST_CHECK enum err pg_copy_out_begin(
	struct pg *pg, enum query query, struct pg_copy_out **ret_copy);
/* NULL in *ret_row: that was all. A row is row 0 of its pg_rows, and the copy's until the next call. */
MUST_CHECK enum err pg_copy_out_next(struct pg_copy_out *copy, const struct pg_rows **ret_row);
/* Rows that were not asked for are given up, and with them the transaction. Takes NULL. */
void pg_copy_out_end(struct pg_copy_out *take_copy);
