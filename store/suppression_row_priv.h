/* store/suppression_row_priv.h -- an entry of the list out of a row of the database. */
#pragma once
#include "store/form/suppression_row.h"
#include "store/pg/pg.h"

/* Row i, which begins with the columns SUPPRESSION_COLUMNS. Texts are the rows'. */
struct store_suppression suppression_row_read(const struct pg_rows *rows, size_t i);
