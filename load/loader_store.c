/* load/loader_store.c -- a batch of reports into the database, exactly once. */
#define _GNU_SOURCE
#include "load/loader_store.h"

#include "core/limits.h"
#include "core/log.h"
#include "load/loader_meters.h"
#include "spool/lanes.h"
#include "store/store_log.h"
#include "suppress/policy/origin.h"
#include "suppress/proof/token_keys.h"

#include <glib.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

enum { LOADER_PAUSE_MAX_MS = 10000, LOADER_REFUSALS = 3, LOADER_ASK_MS = 10000 };

static int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

/* ---- the digest that finds a second delivery ---- */

/* Envelope and bytes: the peer that lost our 250 repeats both. */
static void digest_message(const struct item *item, uint8_t ret_digest[STORE_DIGEST_BYTES])
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	const struct envelope *envelope = &item->envelope;
	struct buf head = BUF_INIT(LIMIT_FRAME_BYTES);
	gsize n = STORE_DIGEST_BYTES;

	buf_put_str32(&head, envelope->reverse_path);
	for (size_t i = 0; i < envelope->n_forward_paths; i++)
		buf_put_str32(&head, envelope->forward_paths[i]);
	buf_put_u64(&head, item->job.message.n);
	g_checksum_update(sum, (const guchar *)head.p, (gssize)head.n);
	if (item->job.message.n)
		g_checksum_update(
			sum, (const guchar *)item->job.message.p, (gssize)item->job.message.n);
	g_checksum_get_digest(sum, ret_digest, &n);
	g_checksum_free(sum);
	buf_release(&head);
}

/* ---- what each event means for its recipient ---- */

/* One mail that anybody could have sent must not make a rate, or strikes, by naming many recipients. */
static struct store_standing standing_of(const struct loader *l, const struct policy *policy,
	const struct evidence *evidence, size_t *unproven)
{
	enum proof proof = policy_proof(evidence);
	struct store_standing standing = { proof, policy_rates(policy, proof), true, STR_EMPTY };

	if (!policy_is_proven(proof))
		standing.counts = ++*unproven <= l->unsigned_recipients;
	return standing;
}

static struct evidence evidence_of(const struct report *report, const struct event *event)
{
	return (struct evidence){ .kind = report->kind,
		.outcome = event->outcome,
		.reason = event->reason,
		.class = event->class,
		.token = report->token.verdict,
		.recipient = event->recipient,
		.remote_mta = event->remote_mta,
		.domain = event->domain };
}

/* What the recipient's own system says got through wipes out strikes, as far as it counts in a rate. */
static enum err add_delivered(struct lane *lane, const struct item *item, const struct event *event,
	struct store_standing standing)
{
	if (event->outcome != OUTCOME_DELIVERED || !standing.rated || !standing.counts)
		return ERR_OK;
	return store_batch_add_delivered(lane->rows, event->recipient,
		item->envelope.stream.n ? item->envelope.stream : STR(STORE_DEFAULT_STREAM),
		item->envelope.received_at_us);
}

/* A return path that says whom the mail was for: of a report about one recipient, a forward's or nobody's, it is that one.
 * Returns the campaign, empty where none is told. */
static struct str read_verp(struct loader *l, struct item *item)
{
	struct str fields[VERP_FIELD_COUNT], recipient;
	struct report *report = &item->job.report;
	const struct envelope *envelope = &item->envelope;

	if (envelope->n_forward_paths != 1 ||
		!verp_read(&l->verp, envelope->forward_paths[0], fields))
		return STR_EMPTY;
	recipient = verp_recipient(item->job.arena, fields);
	if (recipient.n && report->n_events == 1) {
		report->events[0].recipient = recipient;
		report->events[0].domain = suppression_domain(recipient);
	}
	return fields[VERP_CAMPAIGN];
}

/* Who asks to be taken off the list, and proves by the token that the mail was theirs. */
static void take_unsubscribe(struct loader *l, struct lane *lane, const struct item *item,
	const struct token_claims *claims)
{
	const struct envelope *envelope = &item->envelope;

	if (l->suppress.unsubscribes && item->job.report.kind == KIND_UNSUBSCRIBE &&
		item->job.report.token.verdict == TOKEN_VALID &&
		token_names(&l->token_keys, claims, envelope->reverse_path))
		store_batch_add_unsubscribed(lane->rows, envelope->reverse_path, envelope->stream,
			envelope->received_at_us);
}

static bool is_named(const struct loader *l, const struct token_claims *claims, struct str address)
{
	return address.n && token_names(&l->token_keys, claims, address);
}

/* A token has no address in it, only what tells one that is tried: whom the returned message was addressed to, and all that the report
 * names. Empty: none of these. */
static struct str token_recipient(
	const struct loader *l, const struct token_claims *claims, const struct report *report)
{
	if (is_named(l, claims, report->token.sent_to))
		return report->token.sent_to;
	for (size_t i = 0; i < report->n_events && i < LIMIT_EVENTS; i++) {
		const struct event *event = &report->events[i];
		const struct str tried[] = { event->recipient, event->final_recipient,
			event->original_recipient };

		for (size_t k = 0; k < ARRAY_LEN(tried); k++)
			if (is_named(l, claims, tried[k]))
				return tried[k];
	}
	return STR_EMPTY;
}

/* What a token says and what the report says of a recipient disagree: both are kept. */
static void note_conflicts(
	struct loader *l, const struct token_claims *claims, const struct report *report)
{
	struct str named = STR_EMPTY;
	bool tried = false;

	for (size_t i = 0; i < report->n_events && i < LIMIT_EVENTS; i++) {
		if (l->standings[i].proof != PROOF_UNBOUND)
			continue;
		if (!tried)
			named = token_recipient(l, claims, report);
		tried = true;
		l->standings[i].token_recipient = named;
	}
}

static void decide(struct loader *l, struct lane *lane, struct item *item)
{
	struct report *report = &item->job.report;
	struct policy policy = suppress_policy(&l->suppress, item->envelope.stream);
	struct token_claims claims = { 0 };
	size_t unproven = 0;

	token_judge(&l->token_keys, &item->envelope, &report->token, &claims);
	take_unsubscribe(l, lane, item, &claims);
	for (size_t i = 0; i < report->n_events && i < LIMIT_EVENTS; i++) {
		const struct event *event = &report->events[i];
		struct evidence evidence = evidence_of(report, event);

		evidence.bound = evidence.token == TOKEN_VALID &&
				 token_names(&l->token_keys, &claims, event->recipient);
		l->standings[i] = standing_of(l, &policy, &evidence, &unproven);
		l->weights[i] = policy_weigh(&policy, &evidence);
		if (!l->standings[i].counts)
			l->weights[i].decision = DECISION_NONE;
	}
	note_conflicts(l, &claims, report);
}

/* ---- storing ---- */

static enum err add_item(struct loader *l, struct lane *lane, struct item *item)
{
	struct store_message message = { .sequence = item->sequence,
		.stored_at_us = item->stored_at_us,
		.envelope = &item->envelope,
		.report = &item->job.report,
		.size = item->job.message.n,
		.weights = l->weights,
		.standings = l->standings,
		.raw = l->keep_raw ? item->job.message : STR_EMPTY };

	enum err err = ERR_OK;

	message.campaign = read_verp(l, item);
	decide(l, lane, item);
	message.network = origin_network(l->scratch, item->envelope.peer);
	digest_message(item, message.digest);
	for (size_t i = 0; i < item->job.report.n_events && i < LIMIT_EVENTS && !err; i++)
		err = add_delivered(lane, item, &item->job.report.events[i], l->standings[i]);
	if (!err)
		err = store_batch_add(lane->rows, &message);
	arena_reset(l->scratch);
	return err;
}

/* One message must not hold up the lane: it is kept without its events. */
static void set_aside(struct item *item, struct str reason)
{
	log_event(LOG_ERROR, "message_set_aside", LOG_STR("id", item->envelope.session_id),
		LOG_U64("sequence", item->sequence), LOG_STR("reason", reason));
	report_init(&item->job.report);
	item->job.report.flaws = FLAW_BIT(FLAW_PARSER_CRASHED);
}

/* Makes rows of the first items, as many of the n as fit; at least one. A message of some kilobytes can
 * speak of a thousand recipients, so that the size of messages says nothing about that of rows. */
static size_t add_items(struct loader *l, struct lane *lane, struct item *items, size_t n)
{
	store_batch_reset(lane->rows);
	for (size_t i = 0; i < n; i++) {
		if (add_item(l, lane, &items[i]) == ERR_OK)
			continue;
		if (i)
			return i;
		set_aside(&items[i], STR("more rows than a batch holds"));
		if (add_item(l, lane, &items[i]) != ERR_OK)
			abort(); /* any message without events fits an empty batch */
	}
	return n;
}

static void log_stored(const struct lane *lane, const struct item *item)
{
	const struct report *report = &item->job.report;
	struct str rule = report->n_events ? report->events[0].rule.id : STR_EMPTY;

	log_event(LOG_DEBUG, "report_stored", LOG_STR("id", item->envelope.session_id),
		LOG_C("spool", lane->spool_id), LOG_U64("sequence", item->sequence),
		LOG_STR("kind", kind_name(report->kind)), LOG_U64("events", report->n_events),
		LOG_STR("rule", rule));
}

bool loader_wait_stop(const struct loader *l, int timeout_ms)
{
	struct pollfd fd = { l->outside.stop_fd, POLLIN, 0 };

	return poll(&fd, 1, timeout_ms) == 1;
}

/* A pause that grows, with jitter, so that many loaders do not come back at once. True: stop. */
static bool pause_before_retry(struct loader *l, unsigned attempt)
{
	int64_t ms = attempt < 8 ? 100 << attempt : LOADER_PAUSE_MAX_MS;

	ms = ms < LOADER_PAUSE_MAX_MS ? ms : LOADER_PAUSE_MAX_MS;
	return loader_wait_stop(l, (int)(ms / 2 + rand() % (ms / 2)));
}

static enum err say_other(const struct lane *lane, uint64_t known, uint64_t stored)
{
	log_event(LOG_WARN, stored < known ? "database_is_older" : "database_is_newer",
		LOG_C("lane", lane->name), LOG_C("spool", lane->spool_id),
		LOG_U64("position", stored), LOG_U64("known", known));
	return ERR_CONFLICT;
}

/* After a commit whose end is unknown the position tells: ERR_EXISTS: it happened; ERR_OK: it did not;
 * ERR_CONFLICT: another loader, or an older copy of the database: start again from what it says. */
static enum err ask_position(struct loader *l, const struct lane *lane, uint64_t from, uint64_t to)
{
	uint64_t stored;
	enum err err = store_connected(l->store) ? ERR_OK : store_reopen(l->store);

	if (!err)
		err = store_position(l->store, str_c(lane->spool_id), &stored);
	if (err)
		return ERR_OK; /* nobody to ask: the next attempt will */
	if (stored >= to)
		return ERR_EXISTS;
	return stored == from ? ERR_OK : say_other(lane, from, stored);
}

/* The server cannot do it, whatever the mail: a schema or rights that are not the program's, or a kind of server. It is
 * tried again, as somebody will mend that. */
static bool is_incapable(enum err err)
{
	return err == ERR_DATABASE || err == ERR_UNSUPPORTED || err == ERR_DENIED ||
	       err == ERR_CORRUPT;
}

/* Commits the rows and moves the position; tries until it is done, the role is to stop (ERR_CLOSED), the
 * position is another one (ERR_CONFLICT), or the database refuses the rows (ERR_RANGE). */
static enum err commit_rows(struct loader *l, struct lane *lane, uint64_t from, uint64_t to)
{
	struct store_batch_result result = { 0 };
	int64_t start_us = monotonic_us();
	enum err err;

	for (unsigned attempt = 0;; attempt++) {
		err = store_batch_commit(lane->rows, from, to, &result);
		spool_reader_note_stuck(lane->reader, is_incapable(err));
		if (!err || err == ERR_RANGE)
			break;
		log_event(is_incapable(err) ? LOG_ERROR : LOG_WARN, "batch_not_stored",
			LOG_ERR(err), LOG_STR("reason", store_error(l->store)),
			LOG_U64("attempt", attempt));
		err = ask_position(l, lane, from, to);
		if (err)
			return err == ERR_EXISTS ? ERR_OK : err;
		if (pause_before_retry(l, attempt))
			return ERR_CLOSED;
	}
	if (!err && result.second_deliveries)
		log_event(LOG_INFO, "second_deliveries",
			LOG_U64("messages", result.second_deliveries));
	loader_count_batch(lane->reader, monotonic_us() - start_us);
	return err;
}

/* Stores the next items of the batch, at most `max`, or the mere position where only damage was read. */
static enum err store_next(struct loader *l, struct lane *lane, struct batch *batch, size_t max)
{
	size_t left = batch->n - batch->stored;
	size_t n = add_items(l, lane, batch->items + batch->stored, left < max ? left : max);
	size_t end = batch->stored + n;
	uint64_t to = end < batch->n ? batch->items[end].sequence : batch->to;
	enum err err = commit_rows(l, lane, batch->from, to);

	if (err)
		return err;
	for (size_t i = batch->stored; i < end; i++)
		log_stored(lane, &batch->items[i]);
	loader_count_stored(lane->reader, batch->items + batch->stored, n);
	batch->stored = end;
	batch->from = to;
	return ERR_OK;
}

/* The database refused rows: which of them? A passing trouble of the server's looks the same, so a message is
 * set aside only when it was refused again and again. */
static enum err store_one(struct loader *l, struct lane *lane, struct batch *batch)
{
	enum err err = store_next(l, lane, batch, 1);

	for (unsigned attempt = 0; err == ERR_RANGE && attempt < LOADER_REFUSALS; attempt++) {
		if (pause_before_retry(l, attempt))
			return ERR_CLOSED;
		err = store_next(l, lane, batch, 1);
	}
	if (err != ERR_RANGE || batch->stored == batch->n)
		return err;
	set_aside(&batch->items[batch->stored], store_error(l->store));
	return store_next(l, lane, batch, 1);
}

enum err loader_store(struct loader *l, struct lane *lane, struct batch *batch)
{
	size_t max = batch->n;
	enum err err = ERR_OK;

	loader_note_waiting(lane->reader, batch);

	/* Halves find the rows that are refused, doubling makes up for it behind them. */
	while (!err && batch->from != batch->to) {
		err = max > 1 ? store_next(l, lane, batch, max) : store_one(l, lane, batch);
		if (err == ERR_RANGE && max > 1) {
			max /= 2;
			err = ERR_OK;
		} else if (!err && max < batch->n) {
			max *= 2;
		}
	}
	if (!err)
		spool_reader_publish(lane->reader, batch->to - 1);
	return err;
}

/* ---- a database that is another one by now ---- */

static enum err check_position(struct loader *l, const struct lane *lane)
{
	uint64_t known = lane->now->from, stored;
	enum err err = store_position(l->store, str_c(lane->spool_id), &stored);

	/* Nobody to ask: in ten seconds again. */
	return err || stored == known ? ERR_OK : say_other(lane, known, stored);
}

enum err loader_check_positions(struct loader *l)
{
	int64_t now_us = monotonic_us();
	enum err err = ERR_OK;

	if (now_us - l->asked_us < (int64_t)LOADER_ASK_MS * 1000)
		return ERR_OK;
	l->asked_us = now_us;
	if (!store_connected(l->store) && store_reopen(l->store))
		return ERR_OK;
	for (size_t i = 0; i < LANES && !err && store_connected(l->store); i++)
		if (l->lanes[i].reader)
			err = check_position(l, &l->lanes[i]);
	return err;
}
