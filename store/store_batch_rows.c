/* store/store_batch_rows.c -- a message and its events as rows of COPY. */
#include "core/limits.h"
#include "core/utf8.h"
#include "domain/org_domain.h"
#include "store/form/template.h"
#include "store/store_batch_priv.h"

#include <assert.h>
#include <string.h>

enum {
	BATCH_MESSAGE_FIELDS = 25,
	BATCH_RAW_FIELDS = 3,
	BATCH_EVENT_FIELDS = 42,
	BATCH_DECISION_FIELDS = 7
};

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
	[SOURCE_LOG] = STR_INIT("log"),
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
	copy_text(out, store_batch_spool_id(batch));
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

static struct store_standing standing_of(const struct store_message *message, uint32_t number)
{
	static const struct store_standing plain = { PROOF_NONE, .rated = true, .counts = true };

	return message->standings ? message->standings[number - 1] : plain;
}

/* Of several reports of one delivery the heaviest counts: what a rate is made of before the rest, then what
 * is final. A complaint is about a delivery that worked. 0: does not count. */
static int64_t weight_of(const struct event *event, struct store_standing standing)
{
	static const int64_t weights[OUTCOME_COUNT] = { [OUTCOME_DELAYED] = 1,
		[OUTCOME_RELAYED] = 2,
		[OUTCOME_EXPANDED] = 3,
		[OUTCOME_DELIVERED] = 4,
		[OUTCOME_FAILED] = 5,
		[OUTCOME_COMPLAINT] = 5 };

	return standing.counts ? weights[event->outcome] + (standing.rated ? 10 : 0) : 0;
}

/* What two reports of one delivery have in common, hashed by the database; null where a part is not known, and of what does not count. */
static void put_failure_text(struct store_batch *batch, struct buf *out,
	const struct store_message *message, const struct event *event, int64_t weight)
{
	struct str id = message->report->original.message_id, text;
	struct str who = event->recipient.n ? event->recipient : event->final_recipient;

	if (!id.n || !who.n || !weight) {
		copy_null(out);
		return;
	}
	text = arena_printf(batch->scratch, "%.*s%c%s%c%.*s%c%.*s",
		STR_ARG(stream_of(batch, message->envelope)), 0,
		event->outcome == OUTCOME_COMPLAINT ? "complaint" : "delivery", 0, STR_ARG(id), 0,
		STR_ARG(arena_lower(batch->scratch, who)));
	copy_text(out, text);
}

/* Behind what the event itself says, in the order of BATCH_EVENT_COPY. */
static void put_standing(struct store_batch *batch, struct buf *out,
	const struct store_message *message, uint32_t number)
{
	const struct event *event = &message->report->events[number - 1];
	struct store_standing standing = standing_of(message, number);
	struct str domain =
		clean(batch, arena_lower(batch->scratch, event->domain), LIMIT_DOMAIN_BYTES);
	int64_t happened_us =
		store_happened_at(event, &message->report->original, message->envelope);
	int64_t weight = weight_of(event, standing);

	put_time(out, happened_us);
	copy_text(out, source_names[message->envelope->source]);
	copy_text(out, clean(batch, message->campaign, STORE_LABEL_BYTES));
	copy_text(out, provider_of(batch->store->providers, domain));
	copy_text(out, org_domain(domain));
	copy_text(out, proof_name(standing.proof));
	copy_bool(out, standing.rated);
	copy_i64(out, weight);
	put_text(batch, out, standing.token_recipient.n ? standing.token_recipient : STR_EMPTY);
	copy_bool(out, weight > 0);
	put_failure_text(batch, out, message, event, weight);
}

/* In the order of BATCH_EVENT_COPY. */
static void put_event(struct store_batch *batch, const struct store_message *message,
	uint32_t number, const struct uuid *message_id)
{
	const struct envelope *envelope = message->envelope;
	const struct event *event = &message->report->events[number - 1];
	struct uuid id = store_id(
		envelope->received_at_us, store_batch_spool_id(batch), message->sequence, number);
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
	put_time(out, store_sent_at(message->report->original.date_us,
			      store_happened_at(event, &message->report->original, envelope)));
	put_text(batch, out, event->rule.id);
	copy_text(out, layer_name(event->rule.layer));
	copy_i64(out, (int64_t)event->rule.span_from);
	copy_i64(out, (int64_t)event->rule.span_to);
	copy_f64(out, event->confidence);
	put_standing(batch, out, message, number);
}

/* In the order of BATCH_DECISION_COPY. An address that no list may hold is passed over. */
static void put_decision(
	struct store_batch *batch, const struct store_message *message, uint32_t number)
{
	const struct envelope *envelope = message->envelope;
	const struct event *event = &message->report->events[number - 1];
	struct uuid id = store_id(
		envelope->received_at_us, store_batch_spool_id(batch), message->sequence, number);
	struct str address, domain = arena_lower(batch->scratch, event->domain);
	const struct store_weight *weight;
	struct buf *out = &batch->decisions;

	if (!message->weights || message->weights[number - 1].decision == DECISION_NONE ||
		!suppression_address(batch->scratch, event->recipient, &address))
		return;
	weight = &message->weights[number - 1];
	copy_row(out, BATCH_DECISION_FIELDS);
	copy_uuid(out, &id);
	copy_text(out, address);
	copy_text(out, weight->of_stream ? stream_of(batch, envelope) : STR_EMPTY);
	copy_text(out,
		domain.n ? clean(batch, domain, LIMIT_DOMAIN_BYTES) : suppression_domain(address));
	copy_text(out, decision_name(weight->decision));
	copy_text(out, clean(batch, message->network, STORE_NETWORK_BYTES));
	copy_bool(out, weight->serves);
	batch->n_decisions++;
}

/* ---- add ---- */

void store_batch_add_unsubscribed(
	struct store_batch *batch, struct str address, struct str stream, int64_t at_us)
{
	struct unsubscribed *row = arena_zalloc(batch->lasting, sizeof *row);

	if (!in_calendar(at_us) || !suppression_address(batch->lasting, address, &row->address))
		return;
	row->stream = arena_dup(batch->lasting,
		stream.n ? clean(batch, stream, STORE_STREAM_BYTES) : STR(STORE_DEFAULT_STREAM));
	row->at_us = at_us;
	row->next = batch->unsubscribed;
	batch->unsubscribed = row;
}

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
	struct uuid id = store_id(message->envelope->received_at_us, store_batch_spool_id(batch),
		message->sequence, 0);
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
