#include "core/limits.h"
#include "store/pg/pg_copy_in.h"
#include "store/store_batch_priv.h"
#include "store/store_judge_priv.h"
#include "store/store_log.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_KEEP_BYTES = 16 << 20 };

struct store_batch *store_batch_new(struct store *store, struct str spool_id)
{
	struct store_batch *batch = calloc(1, sizeof *batch);

	assert(spool_id.n && spool_id.n <= STORE_SPOOL_ID_BYTES);
	if (!batch)
		abort();
	batch->store = store;
	memcpy(batch->spool_id, spool_id.p, spool_id.n);
	batch->spool_id_n = spool_id.n;
	batch->scratch = arena_new();
	batch->lasting = arena_new();
	buf_init(&batch->messages, STORE_BATCH_BYTES);
	buf_init(&batch->raws, STORE_BATCH_BYTES);
	buf_init(&batch->events, STORE_BATCH_BYTES);
	buf_init(&batch->decisions, STORE_BATCH_BYTES);
	store_log_rows_init(&batch->log);
	store_batch_reset(batch);
	return batch;
}

void store_batch_free(struct store_batch *batch)
{
	if (!batch)
		return;
	buf_release(&batch->messages);
	buf_release(&batch->raws);
	buf_release(&batch->events);
	buf_release(&batch->decisions);
	store_log_rows_release(&batch->log);
	arena_free(batch->scratch);
	arena_free(batch->lasting);
	free(batch);
}

void store_batch_reset(struct store_batch *batch)
{
	struct buf *bufs[] = { &batch->messages, &batch->raws, &batch->events, &batch->decisions };

	for (size_t i = 0; i < ARRAY_LEN(bufs); i++) {
		if (bufs[i]->cap > BATCH_KEEP_BYTES)
			buf_release(bufs[i]); /* one huge message must not be paid for all day */
		buf_reset(bufs[i]);
		copy_header(bufs[i]);
	}
	batch->n_messages = batch->n_decisions = 0;
	store_log_rows_reset(&batch->log);
	arena_reset(batch->lasting);
	batch->unsubscribed = NULL;
	batch->last_sequence = 0;
	batch->last_stored_at_us = 0;
}

void store_batch_set_judge(struct store_batch *batch, const struct store_judge *judge)
{
	batch->judge = judge;
}

void store_batch_set_hook(struct store_batch *batch, bool told)
{
	batch->told = told;
}

size_t store_batch_count(const struct store_batch *batch)
{
	return batch->n_messages;
}

size_t store_batch_bytes(const struct store_batch *batch)
{
	return batch->messages.n + batch->raws.n + batch->events.n + batch->decisions.n +
	       store_log_rows_bytes(&batch->log);
}

struct str store_batch_spool_id(const struct store_batch *batch)
{
	return str_from(batch->spool_id, batch->spool_id_n);
}

/* ---- of a log ---- */

enum err store_batch_set_log(struct store_batch *batch, const struct store_log *log)
{
	return store_log_rows_set(&batch->log, log);
}

enum err store_batch_add_volumes(
	struct store_batch *batch, const struct store_volume *rows, size_t n)
{
	return store_log_rows_add_volumes(&batch->log, rows, n, batch->store->providers);
}

enum err store_batch_add_delivered(
	struct store_batch *batch, struct str address, struct str stream, int64_t at_us)
{
	if (store_batch_bytes(batch) > STORE_BATCH_BYTES - LIMIT_FIELD_TEXT_BYTES)
		return ERR_LIMIT;
	arena_reset(batch->scratch);
	return store_log_rows_add_delivered(&batch->log, batch->scratch, address, stream, at_us);
}

/* ---- commit ---- */

static enum err make_tables(struct store *store)
{
	static const enum query tables[] = { QUERY_BATCH_MESSAGE_TABLE, QUERY_BATCH_RAW_TABLE,
		QUERY_BATCH_EVENT_TABLE, QUERY_BATCH_DECISION_TABLE, QUERY_BATCH_CHANGE_TABLE,
		QUERY_VOLUME_TABLE, QUERY_DELIVERED_TABLE };
	enum err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(tables) && !store->has_batch_tables && !err; i++)
		err = pg_do(store->pg, tables[i], NULL);
	store->has_batch_tables |= !err;
	return err ? err : store_judge_tables(store);
}

static enum err move_position(struct store_batch *batch, uint64_t from, uint64_t to)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool is_last = batch->n_messages && batch->last_sequence == to - 1;
	enum err err = PG_RUN(batch->store->pg, QUERY_POSITION_MOVE, &rows,
		pg_text(store_batch_spool_id(batch)), pg_i64((int64_t)from), pg_i64((int64_t)to),
		pg_i64(is_last ? batch->last_stored_at_us : 0));

	if (err)
		return err;
	return pg_rows_count(rows) ? ERR_OK : ERR_CONFLICT;
}

static enum err copy_rows(struct store_batch *batch)
{
	struct pg *pg = batch->store->pg;
	enum err err = pg_copy_in(pg, QUERY_BATCH_MESSAGE_COPY, &batch->messages);

	if (!err)
		err = pg_copy_in(pg, QUERY_BATCH_RAW_COPY, &batch->raws);
	if (!err)
		err = pg_copy_in(pg, QUERY_BATCH_EVENT_COPY, &batch->events);
	if (!err && batch->n_decisions)
		err = pg_copy_in(pg, QUERY_BATCH_DECISION_COPY, &batch->decisions);
	return err;
}

/* What the new events mean for the suppression list: evidence, and the entries that it is against. */
static enum err add_evidence(struct store_batch *batch)
{
	if (!batch->n_decisions || !batch->judge)
		return ERR_OK;
	return store_judge_evidence(batch->store, batch->judge);
}

/* Behind the deliveries of the batch, which may lie between its strikes. What has a strike of the batch is locked since BATCH_HEADS. */
static enum err judge(struct store_batch *batch)
{
	enum err err = ERR_OK;

	if (!batch->judge || (!batch->n_decisions && !batch->log.n_delivered))
		return ERR_OK;
	if (batch->log.n_delivered)
		err = pg_do(batch->store->pg, QUERY_DELIVERED_JUDGE_KEYS, NULL);
	if (!err && batch->log.n_delivered)
		err = pg_do(batch->store->pg, QUERY_JUDGE_LOCK, NULL);
	return err ? err : store_judge_keys(batch->store, batch->judge, TIMESTAMP_NONE);
}

static enum err put_unsubscribed(const struct store_batch *batch)
{
	enum err err = ERR_OK;

	for (const struct unsubscribed *row = batch->unsubscribed; row && !err; row = row->next)
		err = PG_RUN(batch->store->pg, QUERY_SUPPRESSION_PUT, NULL, pg_text(row->address),
			pg_text(row->stream), pg_text(suppression_domain(row->address)),
			pg_text(STR_EMPTY), pg_text(STR_EMPTY), pg_text(STR("unsubscribe")),
			pg_time(row->at_us), pg_time(row->at_us), pg_time(TIMESTAMP_NONE),
			pg_text(STR_EMPTY), pg_text(STR_EMPTY),
			pg_text(suppression_state_name(SUPPRESSION_ACTIVE)), pg_text(STR_EMPTY));
	return err;
}

/* Which of several reports of one delivery counts. Events that ceased to count are the first changes. */
static enum err choose_reports(struct pg *pg)
{
	size_t n_known = 0;
	enum err err = pg_do(pg, QUERY_BATCH_FAILURES, &n_known);

	return err || !n_known ? err : pg_do(pg, QUERY_BATCH_DISPLACE, NULL);
}

static enum err store_events_of(struct pg *pg, bool has_replays, size_t *ret_events)
{
	enum err err = has_replays ? pg_do(pg, QUERY_BATCH_DROP_STORED, NULL) : ERR_OK;

	if (!err)
		err = choose_reports(pg);
	if (!err)
		err = pg_do(pg, QUERY_BATCH_EVENTS, ret_events);
	if (!err)
		err = pg_do(pg, QUERY_BATCH_CHANGES, NULL);
	return err ? err : store_count_changes(pg);
}

/* Messages and their bytes. Where each digest was new no message is stored already; the rest is looked at one by one. */
static enum err store_messages(
	struct store_batch *batch, bool looks, struct store_batch_result *result)
{
	static const enum query drops[] = { QUERY_BATCH_DROP_RAW, QUERY_BATCH_DROP_EVENTS };
	struct pg *pg = batch->store->pg;
	size_t n_unseen = 0;
	enum err err = pg_do(pg, QUERY_BATCH_SEEN, &n_unseen);
	bool has_seen = n_unseen != batch->n_messages;

	if (!err && has_seen)
		err = pg_do(pg, QUERY_BATCH_DROP_SECOND, &result->second_deliveries);
	if (!err && result->second_deliveries)
		err = store_do_all(pg, drops, ARRAY_LEN(drops));
	looks |= has_seen;
	if (!err)
		err = pg_do(pg, looks ? QUERY_BATCH_MESSAGES : QUERY_BATCH_NEW_MESSAGES,
			&result->messages);
	result->replays = batch->n_messages - result->messages - result->second_deliveries;
	return err ? err : pg_do(pg, looks ? QUERY_BATCH_RAW : QUERY_BATCH_NEW_RAW, NULL);
}

static enum err store_rows(struct store_batch *batch, bool looks, struct store_batch_result *result)
{
	struct pg *pg = batch->store->pg;
	enum err err = store_messages(batch, looks, result);

	if (!err)
		err = store_mx_events(batch->store);
	if (!err)
		err = store_events_of(pg, looks || result->replays > 0, &result->events);
	if (!err && batch->told && result->events)
		err = pg_do(pg, QUERY_BATCH_HOOK, NULL);
	if (!err)
		err = add_evidence(batch);
	if (err)
		return err;
	return PG_RUN(pg, QUERY_POSITION_COUNT, NULL, pg_text(store_batch_spool_id(batch)),
		pg_i64((int64_t)result->messages), pg_i64((int64_t)result->events),
		pg_i64((int64_t)result->second_deliveries));
}

/* The position first: a second loader of the same spool waits here and then finds it moved. */
static enum err write_batch(struct store_batch *batch, uint64_t from, uint64_t to, bool looks,
	struct store_batch_result *result)
{
	enum err err = store_mx_stores(batch->store);

	if (!err)
		err = move_position(batch, from, to);
	if (!err && batch->n_messages)
		err = copy_rows(batch);
	if (!err && batch->n_messages)
		err = store_rows(batch, looks, result);
	if (!err)
		err = store_log_rows_write(&batch->log, batch->store, store_batch_spool_id(batch));
	if (!err)
		err = judge(batch);
	return err ? err : put_unsubscribed(batch);
}

static enum err commit(struct store_batch *batch, uint64_t from, uint64_t to, bool looks,
	struct store_batch_result *ret_result)
{
	struct store_batch_result result = { 0 };
	struct pg *pg = batch->store->pg;
	enum err err = pg_do(pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	err = pg_end(pg, write_batch(batch, from, to, looks, &result));
	if (!err)
		*ret_result = result;
	return err;
}

/* A mail whose digest is forgotten, be it an old one of a lane that is read again, is found by its key: the batch is undone, and each row
 * is looked at before it is stored. */
enum err store_batch_commit(struct store_batch *batch, uint64_t from_sequence, uint64_t to_sequence,
	struct store_batch_result *ret_result)
{
	enum err err;

	if (from_sequence > to_sequence || to_sequence > INT64_MAX)
		return ERR_RANGE;
	err = make_tables(batch->store);
	if (err)
		return err;
	err = commit(batch, from_sequence, to_sequence, false, ret_result);
	if (err == ERR_EXISTS)
		err = commit(batch, from_sequence, to_sequence, true, ret_result);
	/* Whatever the server has against a value, to the caller it is one thing: a row is refused. */
	return err == ERR_EXISTS ? ERR_RANGE : err;
}
