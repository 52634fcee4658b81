#include "logs/log_batch.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "ingest/log/log_tally.h"
#include "ingest/text/smtp_recipient.h"
#include "suppress/proof/token_keys.h"
#include "suppress/suppress_settings.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH_MESSAGES = 2000, BATCH_BYTES = 16 << 20, VOLUMES_AT_ONCE = 1000 };

/* The failures of one line: of one mail. */
struct failures {
	bool open;
	uint64_t line_at;
	struct delivery first; /* texts in the arena */
	struct str stream;
	struct event events[LIMIT_EVENTS];
	struct store_weight weights[LIMIT_EVENTS];
	struct store_standing standings[LIMIT_EVENTS];
	size_t n;
};

struct log_context {
	const struct config *config;
	struct smtp_domain *domains;
	size_t n_domains;
	struct str stream;
	struct suppress_settings suppress;
	struct verp verp;
	struct judge judge;
	struct store_judge store_judge;
	struct parser *parser;
	struct log_tally *tally;
	struct arena *arena; /* of the failures at hand */
	struct store_batch *batch;
	enum log_format format;
	int64_t now_us;
	enum err trouble;
	struct log_batch_counts counts;
	struct failures failures;
};

static enum err read_domains(
	struct log_context *context, struct arena *arena, struct str *ret_trouble)
{
	struct str item;
	size_t n = 0;

	while (config_item(context->config, CONFIG_SMTP_RETURN_PATH_DOMAINS, n, &item))
		n++;
	context->domains = calloc(n + 1, sizeof *context->domains);
	if (!context->domains)
		abort();
	for (size_t i = 0; config_item(context->config, CONFIG_SMTP_RETURN_PATH_DOMAINS, i, &item);
		i++) {
		if (smtp_domain_parse(item, &context->domains[i])) {
			*ret_trouble = arena_printf(arena,
				"smtp.return_path_domains: \"%.*s\" is no domain or pattern",
				STR_ARG(item));
			return ERR_SYNTAX;
		}
		context->n_domains++;
	}
	return ERR_OK;
}

enum err log_context_new(const struct config *config, struct arena *arena, struct str stream,
	const struct parse_rules *rules, struct log_context **ret_context, struct str *ret_trouble)
{
	struct log_context *context = calloc(1, sizeof *context);
	enum err err;

	if (!context)
		abort();
	context->config = config;
	context->stream = stream;
	err = read_domains(context, arena, ret_trouble);
	if (!err)
		err = suppress_settings_load(config, arena, &context->suppress, ret_trouble);
	if (!err)
		err = verp_load(config, arena, &context->verp, ret_trouble);
	if (err) {
		free(context->domains);
		free(context);
		return err;
	}
	suppress_judge(&context->suppress, &context->judge, &context->store_judge);
	context->parser = parser_new(rules);
	context->tally = log_tally_new();
	context->arena = arena_new();
	*ret_context = context;
	return ERR_OK;
}

void log_context_free(struct log_context *context)
{
	if (!context)
		return;
	parser_free(context->parser);
	log_tally_free(context->tally);
	arena_free(context->arena);
	free(context->domains);
	free(context);
}

struct log_batch_counts log_context_counts(const struct log_context *context)
{
	return context->counts;
}

void log_batch_start(struct log_context *context, struct store_batch *batch, enum log_format format,
	int64_t now_us)
{
	context->batch = batch;
	context->format = format;
	context->now_us = now_us;
	store_batch_set_judge(batch, &context->store_judge);
	store_batch_set_hook(batch, config_bool(context->config, CONFIG_WEBHOOK_EVENTS));
	log_batch_reset(context);
}

void log_batch_reset(struct log_context *context)
{
	log_tally_reset(context->tally);
	store_batch_reset(context->batch);
	arena_reset(context->arena);
	context->failures.open = false;
	context->failures.n = 0;
	context->trouble = ERR_OK;
}

/* ---- failures ---- */

static void digest(const struct failures *failures, enum log_format format,
	uint8_t ret_digest[STORE_DIGEST_BYTES])
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	const struct delivery *first = &failures->first;
	struct buf text = BUF_INIT(LIMIT_FRAME_BYTES);
	gsize n = STORE_DIGEST_BYTES;

	buf_put_str32(&text, STR("log"));
	buf_put_str32(&text, log_format_name(format));
	buf_put_str32(&text, first->queue_id);
	buf_put_str32(&text, first->sender);
	buf_put_u64(&text, (uint64_t)first->at_us);
	for (size_t i = 0; i < failures->n; i++) {
		buf_put_str32(&text, failures->events[i].recipient);
		buf_put_str32(&text, failures->events[i].final_recipient);
	}
	g_checksum_update(sum, (const guchar *)text.p, (gssize)text.n);
	g_checksum_get_digest(sum, ret_digest, &n);
	g_checksum_free(sum);
	buf_release(&text);
}

/* One line's failures are one message: what our mail system said of one mail. */
static void close_failures(struct log_context *context)
{
	struct failures *failures = &context->failures;
	const struct delivery *first = &failures->first;
	struct envelope envelope = { .source = SOURCE_LOG,
		.received_at_us = context->now_us,
		.delivered_at_us = first->at_us,
		.session_id = first->queue_id,
		.forward_paths = &failures->first.sender,
		.n_forward_paths = 1,
		.stream = failures->stream };
	struct report report;
	struct store_message message = { .sequence = first->line_at,
		.stored_at_us = context->now_us,
		.envelope = &envelope,
		.report = &report,
		.weights = failures->weights,
		.standings = failures->standings,
		.campaign = first->campaign };

	if (!failures->open)
		return;
	report_init(&report);
	report.kind = KIND_BOUNCE;
	report.format = STR("log");
	report.events = failures->events;
	report.n_events = failures->n;
	report.original.message_id = first->message_id;
	report.original.date_us = first->sent_at_us;
	digest(failures, context->format, message.digest);
	if (!context->trouble)
		context->trouble = store_batch_add(context->batch, &message);
	failures->open = false;
	failures->n = 0;
	arena_reset(context->arena);
}

static struct str keep(struct log_context *context, struct str text, size_t max_bytes)
{
	return utf8_head(
		utf8_clean(context->arena, arena_dup(context->arena, str_head(text, max_bytes))),
		max_bytes);
}

static void open_failures(
	struct log_context *context, const struct delivery *delivery, struct str stream)
{
	struct failures *failures = &context->failures;
	struct delivery *first = &failures->first;

	*first = *delivery;
	first->queue_id = keep(context, delivery->queue_id, LIMIT_LOG_ID_BYTES);
	first->sender = keep(context, delivery->sender, LIMIT_ADDRESS_BYTES);
	first->message_id = keep(context, delivery->message_id, LIMIT_FIELD_TEXT_BYTES);
	first->campaign = keep(context, delivery->campaign, LIMIT_FIELD_TEXT_BYTES);
	failures->stream = arena_dup(context->arena, stream);
	failures->line_at = delivery->line_at;
	failures->open = true;
}

/* What a reply lacks the mail system may have told beside it: the enhanced code goes in front for the verdict alone. */
static void classify(
	struct log_context *context, const struct delivery *delivery, struct event *event)
{
	struct str reply = keep(context, delivery->reply, LIMIT_DIAGNOSTIC_BYTES);
	struct str status = keep(context, delivery->status, LIMIT_LOG_ID_BYTES), remote;
	size_t lead = 0;

	remote = keep(context, delivery->remote_mta, LIMIT_DOMAIN_BYTES);
	parse_reply(context->parser, context->arena, reply, remote, event);
	if (!event->status.n && status.n) {
		struct str text =
			arena_printf(context->arena, "%.*s %.*s", STR_ARG(status), STR_ARG(reply));

		lead = status.n + 1;
		parse_reply(context->parser, context->arena, text, remote, event);
		event->diagnostic = reply;
	}
	event->rule.span_from = event->rule.span_from > lead ? event->rule.span_from - lead : 0;
	event->rule.span_to = event->rule.span_to > lead ? event->rule.span_to - lead : 0;
	event->remote_mta = remote;
}

static void add_failure(struct log_context *context, const struct delivery *delivery,
	struct str stream, struct str domain)
{
	struct failures *failures = &context->failures;
	struct policy policy = suppress_policy(&context->suppress, stream);
	struct evidence evidence = {
		.kind = KIND_BOUNCE, .outcome = OUTCOME_FAILED, .logged = true
	};
	struct event *event = &failures->events[failures->n];

	event_init(event);
	classify(context, delivery, event);
	event->outcome = OUTCOME_FAILED;
	event->recipient = keep(context, delivery->recipient, LIMIT_ADDRESS_BYTES);
	event->final_recipient = keep(context, delivery->final_recipient, LIMIT_ADDRESS_BYTES);
	event->domain = arena_dup(context->arena, domain);
	event->command = keep(context, delivery->command, LIMIT_LOG_TAG_BYTES);
	event->last_attempt_date_us = delivery->at_us;
	evidence.reason = event->reason;
	evidence.class = event->class;
	evidence.recipient = event->recipient;
	failures->weights[failures->n] = policy_weigh(&policy, &evidence);
	failures->standings[failures->n] = (struct store_standing){
		.proof = PROOF_LOG, .rated = policy_rates(&policy, PROOF_LOG), .counts = true
	};
	failures->n++;
	context->counts.events++;
}

/* ---- deliveries ---- */

/* Empty: of nobody's return path. Without any return path every sender is ours. */
static struct str stream_of(const struct log_context *context, const struct delivery *delivery)
{
	const struct smtp_domain *found;
	struct smtp_path path = { 0 };
	size_t at = str_rchr(delivery->sender, '@');

	if (delivery->stream.n && delivery->stream.n <= 128 && utf8_valid(delivery->stream))
		return delivery->stream;
	if (context->stream.n)
		return context->stream;
	if (!context->n_domains || delivery->counted)
		return STR(STORE_DEFAULT_STREAM);
	if (at != STR_NPOS) {
		path.local = str_head(delivery->sender, at);
		path.domain = str_skip(delivery->sender, at + 1);
	}
	found = smtp_recipient_find(context->domains, context->n_domains, &path);
	return found ? found->stream : STR_EMPTY;
}

/* A log without a field for it has the campaign in the return path, where templates say so. */
static struct delivery with_campaign(
	const struct log_context *context, const struct delivery *delivery)
{
	struct str fields[VERP_FIELD_COUNT];
	struct delivery told = *delivery;

	if (!told.campaign.n && context->verp.n && verp_read(&context->verp, told.sender, fields))
		told.campaign = fields[VERP_CAMPAIGN];
	return told;
}

void log_batch_take(void *context_, const struct delivery *line)
{
	struct log_context *context = context_;
	const struct delivery told = with_campaign(context, line), *delivery = &told;
	struct failures *failures = &context->failures;
	char room[LOG_DOMAIN_ROOM];
	struct str stream = stream_of(context, delivery), domain;

	if (!stream.n) {
		context->counts.foreign++;
		return;
	}
	if (!log_domain(delivery->domain, room, &domain)) {
		context->counts.no_domain++;
		return;
	}
	log_tally_add(context->tally, delivery, stream, domain);
	if (delivery->counted)
		return;
	if (delivery->outcome == DELIVERY_ACCEPTED && !context->trouble)
		context->trouble = store_batch_add_delivered(
			context->batch, delivery->recipient, stream, delivery->at_us);
	if (delivery->outcome != DELIVERY_FAILED)
		return;
	if (failures->open && failures->line_at != delivery->line_at)
		close_failures(context);
	if (!failures->open)
		open_failures(context, delivery, stream);
	if (failures->n < LIMIT_EVENTS)
		add_failure(context, delivery, stream, domain);
}

bool log_batch_is_full(const struct log_context *context)
{
	return log_tally_full(context->tally) ||
	       store_batch_count(context->batch) >= BATCH_MESSAGES ||
	       store_batch_bytes(context->batch) >= BATCH_BYTES;
}

static enum err add_volumes(struct log_context *context)
{
	struct store_volume volumes[VOLUMES_AT_ONCE];
	const struct log_tally_row *rows;
	enum err err = ERR_OK;
	size_t n_rows;

	rows = log_tally_rows(context->tally, &n_rows);
	for (size_t done = 0; done < n_rows && !err;) {
		size_t n = 0;

		for (; n < VOLUMES_AT_ONCE && done < n_rows; n++, done++)
			volumes[n] = (struct store_volume){ .at_us = rows[done].at_us,
				.stream = rows[done].stream,
				.campaign = rows[done].campaign,
				.domain = rows[done].domain,
				.source = STR("log"),
				.quarter = true,
				.attempted = rows[done].attempted,
				.has_accepted = true,
				.accepted = rows[done].accepted,
				.has_deferred = true,
				.deferred = rows[done].deferred };
		err = store_batch_add_volumes(context->batch, volumes, n);
	}
	return err;
}

enum err log_batch_finish(struct log_context *context)
{
	close_failures(context);
	return context->trouble ? context->trouble : add_volumes(context);
}
