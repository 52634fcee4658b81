/* store/store_suppress_priv.h -- what the files of the suppression list share. */
#pragma once
#include "store/store_priv.h"
#include "store/store_suppress.h"

/* A row of SUPPRESSION_COLUMNS (queries.def). A word that this program does not know (a newer one wrote it) is the careful
 * one: not to be mailed, for no reason that is known. */
struct store_suppression store_suppression_read(const struct pg_rows *rows, size_t i);
