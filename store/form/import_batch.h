/* store/form/import_batch.h -- rows of an import in memory, in the order of their addresses, each address and stream once.
 * Knows: which of several rows counts. Does not know COPY, tables. Pure. A batch owns copies of what it was given; about 64 bytes a row
 * beside its texts. */
#pragma once
#include "store/form/suppression_row.h"

#include <stdbool.h>
#include <stddef.h>

struct import_batch;

/* max_bytes: of texts and all, below 4 GiB. Memory is taken as rows come. */
struct import_batch *import_batch_new(size_t max_bytes);
void import_batch_free(struct import_batch *take_batch);
/* Empty; keeps its memory. */
void import_batch_reset(struct import_batch *batch);
/* False: it is full, and the row is not in it; one that is empty has room for any row. Not after import_batch_sort. `dated`: its last_seen_us is
 * what its list says, not the moment of the import. Texts of at most 64 KiB each; count, evidence, seq and state are not kept. */
bool import_batch_add(struct import_batch *batch, const struct store_suppression *row, bool dated);
/* By address, then stream, as bytes; of several of both the one seen last stays, of those the one that came last. */
void import_batch_sort(struct import_batch *batch);
size_t import_batch_rows(const struct import_batch *batch);
/* The texts are the batch's. */
struct store_suppression import_batch_get(
	const struct import_batch *batch, size_t i, bool *ret_dated);
