#include "api/handle/page.h"
#include "core/report_json.h"
#include "core/suppression.h"
#include "core/timestamp.h"

#include <string.h>

enum { EVENT_JSON_BYTES = 1 << 20 };

/* The event as NDJSON has it, behind what the store adds: one contract for both. */
json_t *handle_event_json(const struct store_event *event)
{
	const struct report_json_options options = { .taxonomy = REPORT_JSON_OUR_NAMES };
	struct buf text = BUF_INIT(EVENT_JSON_BYTES);
	json_t *json = json_object(), *rest = NULL;
	char room[UUID_TEXT_BYTES];

	json_object_set_new(json, "id", json_text(uuid_format(&event->id, room)));
	json_object_set_new(json, "message_id", json_text(uuid_format(&event->message_id, room)));
	json_object_set_new(json, "received_at", json_time(event->received_at_us));
	json_object_set_new(json, "happened_at", json_time(event->happened_at_us));
	json_object_set_new(json, "sent_at", json_time(event->sent_at_us));
	json_object_set_new(json, "stream", json_text(event->stream));
	json_object_set_new(json, "source", json_text(event->source));
	json_object_set_new(json, "campaign", json_text(event->campaign));
	json_object_set_new(json, "proof", json_text(proof_name(event->standing.proof)));
	json_object_set_new(json, "token_recipient", json_text(event->standing.token_recipient));
	json_object_set_new(json, "rated", json_boolean(event->standing.rated));
	json_object_set_new(json, "counts", json_boolean(event->standing.counts));
	json_object_set_new(json, "kind", json_text(kind_name(event->kind)));
	if (report_json_write_event(&event->event, options, &text) == ERR_OK)
		rest = json_loadb(text.p, text.n, 0, NULL);
	json_object_update(json, rest);
	json_decref(rest);
	buf_release(&text);
	return json;
}

/* ---- the list ---- */

/* One row more than the limit is asked for: it says that there is another page. */
static bool add_event(void *context, const struct store_event *event)
{
	const struct str place[PLACE_FIELDS] = { uuid_format(
		&event->id, (char[UUID_TEXT_BYTES]){ 0 }) };
	struct page *page = context;

	if (page_is_full(page))
		return false;
	page_add(page, handle_event_json(event), place);
	return true;
}

static bool check_recipient(struct handle *handle)
{
	struct str *recipient = &handle->values.text[PARAM_RECIPIENT];

	if (!recipient->n || suppression_address(handle->arena, *recipient, recipient))
		return true;
	return handle_refuse(
		handle, PARAM_RECIPIENT, STR("wanted: a mail address, like ann@example.com"));
}

static void fill_query(const struct page *page, struct store_events_query *ret_query)
{
	const struct handle *handle = page->handle;
	const struct param_values *values = &handle->values;
	struct store_events_query query;

	store_events_query_init(&query);
	query.from_us = page->span.from_us;
	query.to_us = page->span.to_us;
	query.domain = values->text[PARAM_DOMAIN];
	query.recipient = values->text[PARAM_RECIPIENT];
	query.stream = values->text[PARAM_STREAM];
	query.reason = values->text[PARAM_REASON];
	query.outcome = enum_param(handle, PARAM_OUTCOME);
	query.class = enum_param(handle, PARAM_CLASS);
	query.kind = enum_param(handle, PARAM_KIND);
	query.more = *handle_filters(page->handle);
	query.original_id = values->text[PARAM_MESSAGE_ID];
	query.oldest_first = handle_is_reversed(handle, ORDER_DESC);
	query.limit = page_ask(page);
	*ret_query = query;
}

enum err handle_events(struct handle *handle)
{
	struct store_events_query query;
	struct page page;
	struct span span;
	struct uuid after;
	json_t *head;

	if (!check_recipient(handle) || !handle_span(handle, 1, &span) ||
		!page_open(&page, handle, &span))
		return ERR_OK;
	if (page.has_after && !uuid_parse(page.after[0], &after))
		return page_refuse(&page);
	fill_query(&page, &query);
	query.after = page.has_after ? &after : NULL;
	head = json_object();
	json_object_set_new(head, "from", json_time(page.span.from_us));
	json_object_set_new(head, "to", json_time(page.span.to_us));
	return page_answer(
		&page, store_events(handle->store, &query, add_event, &page), head, "events");
}

/* ---- one event ---- */

static json_t *flaws_json(uint32_t flaws)
{
	json_t *json = json_array();

	for (int flaw = 0; flaw < FLAW_COUNT; flaw++)
		if (flaws & FLAW_BIT(flaw))
			json_array_append_new(json, json_text(flaw_name((enum flaw)flaw)));
	return json;
}

static json_t *original_json(const struct original *original)
{
	json_t *json = json_object();

	json_object_set_new(json, "message_id", json_text(original->message_id));
	json_object_set_new(json, "from", json_text(original->from));
	json_object_set_new(json, "subject", json_text(original->subject));
	json_object_set_new(json, "date", json_time(original->date_us));
	json_object_set_new(json, "list_id", json_text(original->list_id));
	json_object_set_new(json, "envelope_id", json_text(original->envelope_id));
	return json;
}

static json_t *message_json(const struct store_event_message *message)
{
	json_t *json = json_object();

	json_object_set_new(json, "format", json_text(message->format));
	json_object_set_new(json, "peer", json_text(message->peer));
	json_object_set_new(json, "session_id", json_text(message->session_id));
	/* The empty reverse-path is a value, the null one (RFC 5321 4.5.5). */
	json_object_set_new(json, "reverse_path",
		json_stringn(message->reverse_path.p, message->reverse_path.n));
	json_object_set_new(json, "forward_path", json_text(message->forward_path));
	json_object_set_new(json, "size", json_integer((json_int_t)message->size));
	json_object_set_new(json, "flaws", flaws_json(message->flaws));
	json_object_set_new(json, "token", json_text(token_verdict_name(message->token)));
	json_object_set_new(json, "raw_kept", json_boolean(message->has_raw));
	json_object_set_new(json, "original", original_json(&message->original));
	return json;
}

enum err handle_event(struct handle *handle)
{
	struct store_event_message message;
	struct store_event event;
	enum err err = ERR_NOT_FOUND;
	struct uuid id;
	json_t *json;

	if (uuid_parse(handle->segment, &id))
		err = store_event(handle->store, handle->arena, &id, &event, &message);
	/* What lies in another stream than the key's is not there for it. */
	if (err == ERR_NOT_FOUND || (!err && !handle_may_use(handle, event.stream))) {
		answer_problem(handle->answer, PROBLEM_NOT_FOUND, STR("no event has this id"), NULL,
			STR_EMPTY);
		return ERR_OK;
	}
	if (err)
		return err;
	json = handle_event_json(&event);
	json_object_set_new(json, "message", message_json(&message));
	answer_json(handle->answer, 200, json);
	return ERR_OK;
}
