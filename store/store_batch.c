#include "core/limits.h"
#include "core/utf8.h"
#include "store/copy_priv.h"
#include "store/store_priv.h"
#include "store/template.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	BATCH_MESSAGE_FIELDS = 25,
	BATCH_RAW_FIELDS = 3,
	BATCH_EVENT_FIELDS = 31,
	BATCH_DECISION_FIELDS = 5
};
enum { BATCH_KEEP_BYTES = 16 << 20 };

struct store_batch {
	struct store *store;
	char spool_id[STORE_SPOOL_ID_BYTES];
	size_t spool_id_n;
	struct buf messages, raws, events, decisions; /* rows of COPY, without the trailer */
	size_t n_messages, n_decisions;
	uint64_t
		last_sequence; /* of the message that was added last, and when its record was committed */
	int64_t last_stored_at_us;
	struct store_strikes strikes;
	struct arena *scratch; /* of one store_batch_add */
};

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
	buf_init(&batch->messages, STORE_BATCH_BYTES);
	buf_init(&batch->raws, STORE_BATCH_BYTES);
	buf_init(&batch->events, STORE_BATCH_BYTES);
	buf_init(&batch->decisions, STORE_BATCH_BYTES);
	batch->strikes = (struct store_strikes){ .strikes = 2, .window_days = 90 };
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
	arena_free(batch->scratch);
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
	batch->last_sequence = 0;
	batch->last_stored_at_us = 0;
}

void store_batch_set_strikes(struct store_batch *batch, const struct store_strikes *strikes)
{
	batch->strikes = *strikes;
}

size_t store_batch_count(const struct store_batch *batch)
{
	return batch->n_messages;
}

size_t store_batch_bytes(const struct store_batch *batch)
{
	return batch->messages.n + batch->raws.n + batch->events.n + batch->decisions.n;
}

/* ---- rows ---- */

static struct str spool_id_of(const struct store_batch *batch)
{
	return str_from(batch->spool_id, batch->spool_id_n);
}

/* Text of at most max bytes that PostgreSQL takes, whatever came in: one bad byte would otherwise keep
 * a whole spool from being loaded. */
static struct str clean(struct store_batch *batch, struct str s, size_t max_bytes)
{
	return utf8_head(utf8_clean(batch->scratch, str_head(s, max_bytes)), max_bytes);
}

static void put_text(struct store_batch *batch, struct buf *out, struct str s)
{
	copy_text(out, clean(batch, s, LIMIT_DIAGNOSTIC_BYTES));
}

static struct str stream_of(struct store_batch *batch, const struct envelope *envelope)
{
	struct str stream = clean(batch, envelope->stream, STORE_STREAM_BYTES);

	return stream.n ? stream : STR(STORE_DEFAULT_STREAM);
}

/* Moments that PostgreSQL and RFC 3339 both know: years 1 to 9999. */
static bool in_calendar(int64_t at_us)
{
	return at_us >= timestamp_days(1, 1, 1) * TIMESTAMP_DAY_US &&
	       at_us < timestamp_days(10000, 1, 1) * TIMESTAMP_DAY_US;
}

static void put_time(struct buf *out, int64_t at_us)
{
	copy_time(out, at_us != TIMESTAMP_NONE && in_calendar(at_us) ? at_us : TIMESTAMP_NONE);
}

static const struct str source_names[SOURCE_COUNT] = {
	[SOURCE_SMTP] = STR_INIT("smtp"),
	[SOURCE_HTTP] = STR_INIT("http"),
	[SOURCE_IMPORT] = STR_INIT("import"),
};

static void put_envelope(
	struct store_batch *batch, struct buf *out, const struct envelope *envelope)
{
	struct str *paths = arena_calloc(batch->scratch, envelope->n_forward_paths, sizeof *paths);

	for (size_t i = 0; i < envelope->n_forward_paths; i++)
		paths[i] = clean(batch, envelope->forward_paths[i], LIMIT_COMMAND_LINE_BYTES);
	copy_text(out, stream_of(batch, envelope));
	put_text(batch, out, envelope->peer);
	put_text(batch, out, envelope->helo);
	put_text(batch, out, envelope->session_id);
	put_text(batch, out, envelope->reverse_path);
	copy_text_array(out, paths, envelope->n_forward_paths);
	put_text(batch, out, envelope->envelope_id);
}

static void put_original(
	struct store_batch *batch, struct buf *out, const struct original *original)
{
	put_text(batch, out, original->message_id);
	put_text(batch, out, original->from);
	put_text(batch, out, original->subject);
	put_time(out, original->date_us);
	put_text(batch, out, original->list_id);
	put_text(batch, out, original->envelope_id);
}

/* In the order of BATCH_MESSAGE_COPY. */
static void put_message(
	struct store_batch *batch, const struct store_message *message, const struct uuid *id)
{
	const struct envelope *envelope = message->envelope;
	const struct report *report = message->report;
	struct buf *out = &batch->messages;

	copy_row(out, BATCH_MESSAGE_FIELDS);
	copy_uuid(out, id);
	copy_time(out, envelope->received_at_us);
	copy_text(out, spool_id_of(batch));
	copy_i64(out, (int64_t)message->sequence);
	copy_text(out, source_names[envelope->source]);
	copy_text(out, kind_name(report->kind));
	put_text(batch, out, report->format);
	put_envelope(batch, out, envelope);
	copy_i64(out, (int64_t)message->size);
	copy_bytes(out, message->digest, sizeof message->digest);
	copy_i64(out, report->flaws);
	copy_text(out, token_verdict_name(report->token.verdict));
	put_text(batch, out, report->token.text);
	put_original(batch, out, &report->original);
}

static void put_raw(
	struct store_batch *batch, const struct store_message *message, const struct uuid *id)
{
	if (!message->raw.n)
		return;
	copy_row(&batch->raws, BATCH_RAW_FIELDS);
	copy_uuid(&batch->raws, id);
	copy_time(&batch->raws, message->envelope->received_at_us);
	copy_text(&batch->raws, message->raw);
}

static void put_verdict(struct store_batch *batch, struct buf *out, const struct event *event)
{
	copy_text(out, outcome_name(event->outcome));
	put_text(batch, out, event->status);
	put_text(batch, out, event->status_field);
	copy_i64(out, event->reply_code);
	copy_text(out, reason_name(event->reason));
	copy_text(out, reason_class_name(event->class));
	put_text(batch, out, event->diagnostic);
	put_text(batch, out, event->diagnostic_type);
	copy_text(out, template_make(batch->scratch,
			       clean(batch, event->diagnostic, LIMIT_DIAGNOSTIC_BYTES)));
	put_text(batch, out, event->command);
	put_text(batch, out, event->reporting_mta);
	put_text(batch, out, event->remote_mta);
	put_time(out, event->arrival_date_us);
	put_time(out, event->last_attempt_date_us);
	put_time(out, event->will_retry_until_us);
}

/* In the order of BATCH_EVENT_COPY. */
static void put_event(struct store_batch *batch, const struct store_message *message,
	uint32_t number, const struct uuid *message_id)
{
	const struct envelope *envelope = message->envelope;
	const struct event *event = &message->report->events[number - 1];
	struct uuid id =
		store_id(envelope->received_at_us, spool_id_of(batch), message->sequence, number);
	struct buf *out = &batch->events;

	copy_row(out, BATCH_EVENT_FIELDS);
	copy_uuid(out, &id);
	copy_time(out, envelope->received_at_us);
	copy_uuid(out, message_id);
	copy_i64(out, number);
	copy_text(out, kind_name(message->report->kind));
	copy_text(out, stream_of(batch, envelope));
	copy_text(out, clean(batch, event->recipient, LIMIT_ADDRESS_BYTES));
	put_text(batch, out, event->final_recipient);
	put_text(batch, out, event->original_recipient);
	copy_text(
		out, clean(batch, arena_lower(batch->scratch, event->domain), LIMIT_DOMAIN_BYTES));
	put_verdict(batch, out, event);
	put_time(out, store_sent_at(message->report->original.date_us, envelope->received_at_us));
	put_text(batch, out, event->rule.id);
	copy_text(out, layer_name(event->rule.layer));
	copy_i64(out, (int64_t)event->rule.span_from);
	copy_i64(out, (int64_t)event->rule.span_to);
	copy_f64(out, event->confidence);
}

/* In the order of BATCH_DECISION_COPY. An address that no list may hold is passed over. */
static void put_decision(
	struct store_batch *batch, const struct store_message *message, uint32_t number)
{
	const struct envelope *envelope = message->envelope;
	const struct event *event = &message->report->events[number - 1];
	struct uuid id =
		store_id(envelope->received_at_us, spool_id_of(batch), message->sequence, number);
	struct buf *out = &batch->decisions;
	struct str address, domain = arena_lower(batch->scratch, event->domain);

	if (!message->decisions || message->decisions[number - 1] == DECISION_NONE ||
		!suppression_address(batch->scratch, event->recipient, &address))
		return;
	copy_row(out, BATCH_DECISION_FIELDS);
	copy_uuid(out, &id);
	copy_text(out, address);
	copy_text(out, batch->strikes.per_stream ? stream_of(batch, envelope) : STR_EMPTY);
	copy_text(out,
		domain.n ? clean(batch, domain, LIMIT_DOMAIN_BYTES) : suppression_domain(address));
	copy_text(out, decision_name(message->decisions[number - 1]));
	batch->n_decisions++;
}

/* ---- add ---- */

static struct str whom(const struct event *event)
{
	return event->recipient.n ? event->recipient : event->final_recipient;
}

/* One message counts once for a recipient and an outcome; events without any address all count.
 * `hashes` has those of the events before i: a thousand long addresses would be slow to compare. */
static bool is_repeat(const struct report *report, size_t i, const uint32_t *hashes)
{
	struct str who = whom(&report->events[i]);

	for (size_t j = 0; who.n && j < i; j++)
		if (hashes[j] == hashes[i] &&
			report->events[j].outcome == report->events[i].outcome &&
			str_ieq(whom(&report->events[j]), who))
			return true;
	return false;
}

static void put_rows(struct store_batch *batch, const struct store_message *message)
{
	struct uuid id = store_id(
		message->envelope->received_at_us, spool_id_of(batch), message->sequence, 0);
	const struct report *report = message->report;
	size_t n_events = report->n_events < LIMIT_EVENTS ? report->n_events : LIMIT_EVENTS;
	uint32_t *hashes = arena_calloc(batch->scratch, n_events, sizeof *hashes);

	put_message(batch, message, &id);
	put_raw(batch, message, &id);
	for (size_t i = 0; i < n_events; i++) {
		hashes[i] = str_ihash(whom(&report->events[i]));
		if (is_repeat(report, i, hashes))
			continue;
		put_event(batch, message, (uint32_t)(i + 1), &id);
		put_decision(batch, message, (uint32_t)(i + 1));
	}
}

enum err store_batch_add(struct store_batch *batch, const struct store_message *message)
{
	struct buf *const bufs[] = { &batch->messages, &batch->raws, &batch->events,
		&batch->decisions };
	const size_t n_decisions = batch->n_decisions;
	size_t before[ARRAY_LEN(bufs)];
	bool failed = false;

	if (message->sequence > INT64_MAX || !in_calendar(message->envelope->received_at_us))
		return ERR_RANGE;
	for (size_t i = 0; i < ARRAY_LEN(bufs); i++)
		before[i] = bufs[i]->n;
	arena_reset(batch->scratch);
	put_rows(batch, message);
	for (size_t i = 0; i < ARRAY_LEN(bufs); i++)
		failed |= bufs[i]->failed;
	if (failed || store_batch_bytes(batch) > STORE_BATCH_BYTES - 16) {
		for (size_t i = 0; i < ARRAY_LEN(bufs); i++) {
			bufs[i]->n = before[i];
			bufs[i]->failed = false;
		}
		batch->n_decisions = n_decisions;
		return ERR_LIMIT;
	}
	batch->n_messages++;
	batch->last_sequence = message->sequence;
	batch->last_stored_at_us = message->stored_at_us;
	return ERR_OK;
}

/* ---- commit ---- */

static enum err copy_in(struct pg *pg, enum query query, struct buf *rows)
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

static enum err make_tables(struct store *store)
{
	static const enum query tables[] = { QUERY_BATCH_MESSAGE_TABLE, QUERY_BATCH_RAW_TABLE,
		QUERY_BATCH_EVENT_TABLE, QUERY_BATCH_DECISION_TABLE };
	enum err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(tables) && !store->has_batch_tables && !err; i++)
		err = pg_do(store->pg, tables[i], NULL);
	store->has_batch_tables |= !err;
	return err;
}

static enum err move_position(struct store_batch *batch, uint64_t from, uint64_t to)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool is_last = batch->n_messages && batch->last_sequence == to - 1;
	enum err err = PG_RUN(batch->store->pg, QUERY_POSITION_MOVE, &rows,
		pg_text(spool_id_of(batch)), pg_i64((int64_t)from), pg_i64((int64_t)to),
		pg_i64(is_last ? batch->last_stored_at_us : 0));

	if (err)
		return err;
	return pg_rows_count(rows) ? ERR_OK : ERR_CONFLICT;
}

static enum err copy_rows(struct store_batch *batch)
{
	struct pg *pg = batch->store->pg;
	enum err err = copy_in(pg, QUERY_BATCH_MESSAGE_COPY, &batch->messages);

	if (!err)
		err = copy_in(pg, QUERY_BATCH_RAW_COPY, &batch->raws);
	if (!err)
		err = copy_in(pg, QUERY_BATCH_EVENT_COPY, &batch->events);
	if (!err && batch->n_decisions)
		err = copy_in(pg, QUERY_BATCH_DECISION_COPY, &batch->decisions);
	return err;
}

/* What the new events mean for the suppression list. */
static enum err suppress(struct store_batch *batch)
{
	struct pg *pg = batch->store->pg;
	enum err err = batch->n_decisions ? pg_do(pg, QUERY_BATCH_EVIDENCE, NULL) : ERR_OK;

	if (err || !batch->n_decisions)
		return err;
	return PG_RUN(pg, QUERY_BATCH_SUPPRESS, NULL, pg_i64(batch->strikes.strikes),
		pg_i64(batch->strikes.window_days));
}

static enum err store_events_of(struct pg *pg, size_t *ret_events)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = pg_run(pg, QUERY_BATCH_EVENTS, NULL, 0, &rows);

	if (err)
		return err;
	*ret_events = (size_t)pg_get_i64(rows, 0, 0);
	return ERR_OK;
}

static enum err store_rows(struct store_batch *batch, struct store_batch_result *result)
{
	struct pg *pg = batch->store->pg;
	enum err err = pg_do(pg, QUERY_BATCH_SEEN, NULL);

	if (!err)
		err = pg_do(pg, QUERY_BATCH_DROP_SECOND, &result->second_deliveries);
	if (!err)
		err = pg_do(pg, QUERY_BATCH_MESSAGES, &result->messages);
	if (!err)
		err = pg_do(pg, QUERY_BATCH_RAW, NULL);
	if (!err)
		err = store_events_of(pg, &result->events);
	if (!err)
		err = suppress(batch);
	if (err)
		return err;
	result->replays = batch->n_messages - result->messages - result->second_deliveries;
	return PG_RUN(pg, QUERY_POSITION_COUNT, NULL, pg_text(spool_id_of(batch)),
		pg_i64((int64_t)result->messages), pg_i64((int64_t)result->events),
		pg_i64((int64_t)result->second_deliveries));
}

/* The position first: a second loader of the same spool waits here and then finds it moved. */
static enum err write_batch(
	struct store_batch *batch, uint64_t from, uint64_t to, struct store_batch_result *result)
{
	enum err err = move_position(batch, from, to);

	if (err || !batch->n_messages)
		return err;
	err = copy_rows(batch);
	return err ? err : store_rows(batch, result);
}

enum err store_batch_commit(struct store_batch *batch, uint64_t from_sequence, uint64_t to_sequence,
	struct store_batch_result *ret_result)
{
	struct store_batch_result result = { 0 };
	struct pg *pg = batch->store->pg;
	enum err err;

	if (from_sequence > to_sequence || to_sequence > INT64_MAX)
		return ERR_RANGE;
	err = make_tables(batch->store);
	if (!err)
		err = pg_do(pg, QUERY_BEGIN, NULL);
	if (err)
		return err;
	err = pg_end(pg, write_batch(batch, from_sequence, to_sequence, &result));
	if (!err)
		*ret_result = result;
	/* Whatever the server has against a value, to the caller it is one thing: a row is refused. */
	return err == ERR_RANGE || err == ERR_EXISTS ? ERR_DATABASE : err;
}
