#include "core/limits.h"
#include "store/store_priv.h"

#include <assert.h>

enum { EVENT_COLUMNS = 36 };

void store_events_query_init(struct store_events_query *query)
{
	*query = (struct store_events_query){ .outcome = -1, .class = -1, .kind = -1 };
}

/* Reads the columns of a row from the left to the right. */
struct reader {
	const struct pg_rows *rows;
	size_t row, column;
};

static struct str next_text(struct reader *reader)
{
	return pg_get_text(reader->rows, reader->row, reader->column++);
}

static int64_t next_i64(struct reader *reader)
{
	return pg_get_i64(reader->rows, reader->row, reader->column++);
}

static int64_t next_time(struct reader *reader)
{
	return pg_get_time(reader->rows, reader->row, reader->column++);
}

static struct uuid next_uuid(struct reader *reader)
{
	return pg_get_uuid(reader->rows, reader->row, reader->column++);
}

/* A word that this program does not know (a newer one wrote it) is the first of its list. */
static void next_verdict(struct reader *reader, struct event *event)
{
	if (!outcome_from_name(next_text(reader), &event->outcome))
		event->outcome = OUTCOME_FAILED;
	event->status = next_text(reader);
	event->status_field = next_text(reader);
	event->reply_code = (unsigned)next_i64(reader);
	if (!reason_from_name(next_text(reader), &event->reason))
		event->reason = REASON_NONE;
	if (!reason_class_from_name(next_text(reader), &event->class))
		event->class = CLASS_NONE;
	event->diagnostic = next_text(reader);
	event->diagnostic_type = next_text(reader);
	event->command = next_text(reader);
	event->reporting_mta = next_text(reader);
	event->remote_mta = next_text(reader);
	event->arrival_date_us = next_time(reader);
	event->last_attempt_date_us = next_time(reader);
	event->will_retry_until_us = next_time(reader);
}

static void next_rule(struct reader *reader, struct event *event)
{
	event->rule.id = next_text(reader);
	if (!layer_from_name(next_text(reader), &event->rule.layer))
		event->rule.layer = LAYER_NONE;
	event->rule.span_from = (size_t)next_i64(reader);
	event->rule.span_to = (size_t)next_i64(reader);
	event->confidence = pg_get_f64(reader->rows, reader->row, reader->column++);
}

static void next_standing(struct reader *reader, struct store_event *event)
{
	event->happened_at_us = next_time(reader);
	event->source = next_text(reader);
	event->campaign = next_text(reader);
	if (!proof_from_name(next_text(reader), &event->standing.proof))
		event->standing.proof = PROOF_NONE;
	event->standing.rated = pg_get_bool(reader->rows, reader->row, reader->column++);
	event->standing.counts = pg_get_bool(reader->rows, reader->row, reader->column++);
	event->standing.token_recipient = next_text(reader);
}

/* EVENT_COLUMNS of queries.def. */
static void next_event(struct reader *reader, struct store_event *ret_event)
{
	struct store_event event = { .id = next_uuid(reader) };

	event_init(&event.event);
	event.message_id = next_uuid(reader);
	event.received_at_us = next_time(reader);
	event.sent_at_us = next_time(reader);
	event.stream = next_text(reader);
	if (!kind_from_name(next_text(reader), &event.kind))
		event.kind = KIND_UNKNOWN;
	event.event.recipient = next_text(reader);
	event.event.final_recipient = next_text(reader);
	event.event.original_recipient = next_text(reader);
	event.event.domain = next_text(reader);
	next_verdict(reader, &event.event);
	next_rule(reader, &event.event);
	next_standing(reader, &event);
	assert(reader->column == EVENT_COLUMNS);
	*ret_event = event;
}

static void next_message(struct reader *reader, struct store_event_message *ret_message)
{
	struct store_event_message message = { .format = next_text(reader) };

	message.peer = next_text(reader);
	message.session_id = next_text(reader);
	message.reverse_path = next_text(reader);
	message.forward_path = next_text(reader);
	message.size = (uint64_t)next_i64(reader);
	message.flaws = (uint32_t)next_i64(reader);
	if (!token_verdict_from_name(next_text(reader), &message.token))
		message.token = TOKEN_NONE;
	message.original.message_id = next_text(reader);
	message.original.from = next_text(reader);
	message.original.subject = next_text(reader);
	message.original.date_us = next_time(reader);
	message.original.list_id = next_text(reader);
	message.original.envelope_id = next_text(reader);
	message.has_raw = pg_get_bool(reader->rows, reader->row, reader->column++);
	*ret_message = message;
}

/* ---- list ---- */

static enum err run_events(
	struct store *store, const struct store_events_query *query, struct pg_rows **ret_rows)
{
	struct uuid lowest = store_id_lowest(query->from_us);
	struct uuid end = store_id_lowest(query->to_us + 999);
	const struct store_filters *f = &query->more;
	struct str outcome = STR_EMPTY, class = STR_EMPTY, kind = STR_EMPTY;

	if (query->after && query->oldest_first)
		lowest = uuid_next(query->after);
	else if (query->after)
		end = *query->after;
	if (query->outcome >= 0)
		outcome = outcome_name((enum outcome)query->outcome);
	if (query->class >= 0)
		class = reason_class_name((enum reason_class)query->class);
	if (query->kind >= 0)
		kind = kind_name((enum kind)query->kind);
	return PG_RUN(store->pg, query->oldest_first ? QUERY_EVENTS_OLDEST : QUERY_EVENTS, ret_rows,
		pg_time(query->from_us), pg_time(query->to_us), pg_uuid(&lowest), pg_uuid(&end),
		pg_text(query->domain), pg_text(query->recipient), pg_text(query->stream),
		pg_text(query->reason), pg_text(outcome), pg_text(class), pg_text(kind),
		pg_i64((int64_t)query->limit), pg_text(f->value[STORE_BY_STATUS]),
		pg_text(f->value[STORE_BY_PROVIDER]), pg_text(f->value[STORE_BY_ORG_DOMAIN]),
		pg_text(f->value[STORE_BY_CAMPAIGN]), pg_text(f->value[STORE_BY_SOURCE]),
		pg_text(f->value[STORE_BY_REPORTING_MTA]), pg_text(f->value[STORE_BY_REMOTE_MTA]),
		pg_text(query->original_id));
}

enum err store_events(struct store *store, const struct store_events_query *query,
	store_event_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err;

	assert(query->limit <= LIMIT_PAGE_ROWS);
	err = run_events(store, query, &rows);
	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct reader reader = { rows, i, 0 };
		struct store_event event;

		next_event(&reader, &event);
		more = fn(context, &event);
	}
	return err;
}

/* ---- one ---- */

static void own_texts(struct arena *arena, struct str *const *texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		*texts[i] = arena_dup(arena, *texts[i]);
}

static void own_event(struct arena *arena, struct store_event *event)
{
	struct event *e = &event->event;
	struct str *const texts[] = { &event->stream, &event->source, &event->campaign,
		&e->recipient, &e->final_recipient, &e->original_recipient, &e->domain, &e->status,
		&e->status_field, &e->diagnostic, &e->diagnostic_type, &e->command,
		&e->reporting_mta, &e->remote_mta, &e->rule.id, &event->standing.token_recipient };

	own_texts(arena, texts, ARRAY_LEN(texts));
}

static void own_message(struct arena *arena, struct store_event_message *message)
{
	struct original *o = &message->original;
	struct str *const texts[] = { &message->format, &message->peer, &message->session_id,
		&message->reverse_path, &message->forward_path, &o->message_id, &o->from,
		&o->subject, &o->list_id, &o->envelope_id };

	own_texts(arena, texts, ARRAY_LEN(texts));
}

enum err store_event(struct store *store, struct arena *arena, const struct uuid *id,
	struct store_event *ret_event, struct store_event_message *ret_message)
{
	int64_t from_us = store_id_received_ms(id) * 1000;
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	struct store_event_message message;
	struct store_event event;
	enum err err;

	/* An id that nobody made may lie beyond every calendar. */
	if (from_us >= timestamp_days(10000, 1, 1) * TIMESTAMP_DAY_US)
		return ERR_NOT_FOUND;
	err = PG_RUN(store->pg, QUERY_EVENT, &rows, pg_uuid(id), pg_time(from_us),
		pg_time(from_us + 1000));
	if (err)
		return err;
	if (!pg_rows_count(rows))
		return ERR_NOT_FOUND;
	struct reader reader = { rows, 0, 0 };

	next_event(&reader, &event);
	next_message(&reader, &message);
	own_event(arena, &event);
	own_message(arena, &message);
	*ret_event = event;
	*ret_message = message;
	return ERR_OK;
}
