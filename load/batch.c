#include "load/batch.h"

#include "core/log.h"

void batch_init(struct batch *batch, size_t max)
{
	*batch = (struct batch){ .arena = arena_new(), .max = max };
	batch_reset(batch, 0);
}

void batch_release(struct batch *batch)
{
	arena_free(batch->arena);
}

void batch_reset(struct batch *batch, uint64_t position)
{
	arena_reset(batch->arena);
	batch->items = arena_calloc(batch->arena, batch->max, sizeof *batch->items);
	batch->n = batch->bytes = batch->stored = 0;
	batch->from = batch->to = position;
}

bool batch_has_progress(const struct batch *batch)
{
	return batch->to != batch->from;
}

bool batch_parsed(const struct batch *batch)
{
	for (size_t i = 0; i < batch->n; i++)
		if (batch->items[i].job.state != JOB_DONE)
			return false;
	return batch_has_progress(batch);
}

/* Who lost a mail that we took has to act; a batch that a power cut tore had no 250, and comes again. */
static void note_gap(struct spool_reader *reader, const struct spool_record *record)
{
	bool torn = record->kind == SPOOL_TORN;

	meter_count(spool_reader_meters(reader), METER_GAPS, torn ? GAP_TORN : GAP_DAMAGED);
	log_event(torn ? LOG_WARN : LOG_ERROR, torn ? "spool_torn" : "spool_damaged",
		LOG_U64("from", record->sequence), LOG_U64("to", record->last_sequence),
		LOG_U64("segment", record->segment), LOG_U64("offset", record->offset),
		LOG_U64("bytes", record->bytes),
		LOG_C("copy", record->bytes && !record->aside ? "kept" : "none"));
}

/* Envelopes come from our own spool, checksummed; one that cannot be read is of a later version. */
static enum err take_record(
	struct batch *batch, const struct spool_record *record, struct parser_pool *pool)
{
	struct item *item = &batch->items[batch->n];
	enum err err;

	item->job.envelope = arena_dup(batch->arena, record->envelope);
	err = envelope_decode(batch->arena, item->job.envelope, &item->envelope);
	if (err)
		return err;
	item->sequence = record->sequence;
	item->stored_at_us = record->stored_at_us;
	item->job.message = arena_dup(batch->arena, record->message);
	item->job.arena = batch->arena;
	batch->bytes += record->message.n;
	batch->n++;
	parser_pool_submit(pool, &item->job);
	return ERR_OK;
}

/* What cannot be taken is not passed over: the next turn meets it again. */
static void stay_at(struct spool_reader *reader, uint64_t sequence)
{
	ERR_IGNORE(spool_reader_seek(reader, sequence - 1), "it was read from there");
}

enum err batch_fill(struct batch *batch, struct spool_reader *reader, struct parser_pool *pool)
{
	enum err err = ERR_OK;

	while (batch->n < batch->max && batch->bytes < BATCH_BYTES) {
		struct spool_record record;

		err = spool_reader_next(reader, &record);
		if (err)
			break;
		if (record.kind == SPOOL_MESSAGE)
			err = take_record(batch, &record, pool);
		else
			note_gap(reader, &record);
		if (err) {
			stay_at(reader, record.sequence);
			break;
		}
		batch->to = record.last_sequence + 1;
	}
	return err == ERR_NOT_FOUND ? ERR_OK : err;
}
