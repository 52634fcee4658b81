#define _GNU_SOURCE /* qsort_r */
#include "store/form/import_batch.h"

#include "core/buf.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

enum text {
	TEXT_ADDRESS,
	TEXT_STREAM,
	TEXT_DOMAIN,
	TEXT_SOURCE,
	TEXT_STATUS,
	TEXT_DIAGNOSTIC,
	TEXT_COUNT
};

/* What stands in front of a row's texts, which follow each other. */
struct record {
	int64_t first_seen_us, last_seen_us, expires_at_us;
	uint16_t bytes[TEXT_COUNT];
	uint16_t reason, class;
	uint8_t dated;
};

/* Addresses differ within their first bytes, mostly: what is compared first lies beside what is moved. */
struct place {
	uint64_t
		begins; /* the first eight bytes of the address, so that numbers compare as they do */
	uint32_t at;    /* of the record */
};

struct import_batch {
	struct buf records;
	struct place *places;
	size_t n, cap;
};

struct import_batch *import_batch_new(size_t max_bytes)
{
	struct import_batch *batch = calloc(1, sizeof *batch);

	if (!batch)
		abort();
	buf_init(&batch->records, max_bytes);
	return batch;
}

void import_batch_free(struct import_batch *take_batch)
{
	if (!take_batch)
		return;
	buf_release(&take_batch->records);
	free(take_batch->places);
	free(take_batch);
}

void import_batch_reset(struct import_batch *batch)
{
	buf_reset(&batch->records);
	batch->n = 0;
}

/* ---- in ---- */

static uint64_t begins_with(struct str address)
{
	uint64_t begins = 0;

	memcpy(&begins, address.p, address.n < sizeof begins ? address.n : sizeof begins);
	return be64toh(begins);
}

static void add_place(struct import_batch *batch, struct str address)
{
	if (batch->n == batch->cap) {
		batch->cap = batch->cap ? 2 * batch->cap : 1024;
		batch->places = realloc(batch->places, batch->cap * sizeof *batch->places);
		if (!batch->places)
			abort();
	}
	batch->places[batch->n++] =
		(struct place){ begins_with(address), (uint32_t)batch->records.n };
}

bool import_batch_add(struct import_batch *batch, const struct store_suppression *row, bool dated)
{
	const struct str texts[TEXT_COUNT] = { row->address, row->stream, row->domain, row->source,
		row->status, row->diagnostic };
	struct record record = { .first_seen_us = row->first_seen_us,
		.last_seen_us = row->last_seen_us,
		.expires_at_us = row->expires_at_us,
		.reason = (uint16_t)row->reason,
		.class = (uint16_t)row->class,
		.dated = dated };
	size_t n = sizeof record;

	for (size_t i = 0; i < TEXT_COUNT; i++) {
		record.bytes[i] = (uint16_t)texts[i].n;
		n += texts[i].n;
	}
	if (!buf_reserve(&batch->records, n))
		return false;
	add_place(batch, row->address);
	buf_put(&batch->records, str_from((const char *)&record, sizeof record));
	for (size_t i = 0; i < TEXT_COUNT; i++)
		buf_put(&batch->records, texts[i]);
	return true;
}

/* ---- out ---- */

static struct record record_at(const struct import_batch *batch, uint32_t at)
{
	struct record record;

	memcpy(&record, batch->records.p + at, sizeof record);
	return record;
}

static struct str address_at(const struct import_batch *batch, uint32_t at)
{
	const struct record record = record_at(batch, at);

	return str_from(batch->records.p + at + sizeof record, record.bytes[TEXT_ADDRESS]);
}

static struct str stream_at(const struct import_batch *batch, uint32_t at)
{
	const struct record record = record_at(batch, at);

	return str_from(batch->records.p + at + sizeof record + record.bytes[TEXT_ADDRESS],
		record.bytes[TEXT_STREAM]);
}

static int compare_keys(
	const struct import_batch *batch, const struct place *a, const struct place *b)
{
	int difference = a->begins < b->begins ? -1 : a->begins > b->begins;

	if (!difference)
		difference = str_cmp(address_at(batch, a->at), address_at(batch, b->at));
	return difference ? difference : str_cmp(stream_at(batch, a->at), stream_at(batch, b->at));
}

static int compare(const void *a_place, const void *b_place, void *context)
{
	const struct import_batch *batch = context;
	const struct place *a = a_place, *b = b_place;
	int difference = compare_keys(batch, a, b);
	int64_t a_us, b_us;

	if (difference)
		return difference;
	a_us = record_at(batch, a->at).last_seen_us;
	b_us = record_at(batch, b->at).last_seen_us;
	if (a_us != b_us)
		return a_us > b_us ? -1 : 1;
	return a->at > b->at ? -1 : a->at < b->at;
}

void import_batch_sort(struct import_batch *batch)
{
	size_t n = 0;

	if (batch->n)
		qsort_r(batch->places, batch->n, sizeof *batch->places, compare, batch);
	for (size_t i = 0; i < batch->n; i++)
		if (!n || compare_keys(batch, &batch->places[n - 1], &batch->places[i]) != 0)
			batch->places[n++] = batch->places[i];
	batch->n = n;
}

size_t import_batch_rows(const struct import_batch *batch)
{
	return batch->n;
}

struct store_suppression import_batch_get(
	const struct import_batch *batch, size_t i, bool *ret_dated)
{
	const uint32_t at = batch->places[i].at;
	const struct record record = record_at(batch, at);
	struct store_suppression row = { .first_seen_us = record.first_seen_us,
		.last_seen_us = record.last_seen_us,
		.expires_at_us = record.expires_at_us,
		.reason = record.reason,
		.class = record.class };
	struct str *texts[TEXT_COUNT] = { &row.address, &row.stream, &row.domain, &row.source,
		&row.status, &row.diagnostic };
	const char *p = batch->records.p + at + sizeof record;

	for (size_t t = 0; t < TEXT_COUNT; t++) {
		*texts[t] = str_from(p, record.bytes[t]);
		p += record.bytes[t];
	}
	*ret_dated = record.dated;
	return row;
}
