#include "core/report_json.h"

#include "core/json_out.h"
#include "core/limits.h"
#include "core/utf8.h"

#include <jansson.h>

/* ---- writing ---- */

static void put_text(struct json_out *w, struct str key, struct str text)
{
	json_out_key(w, key);
	json_out_text(w, text);
}

static void put_moment(struct json_out *w, struct str key, int64_t at_us)
{
	char room[TIMESTAMP_TEXT_BYTES];

	put_text(w, key, at_us == TIMESTAMP_NONE ? STR_EMPTY : timestamp_format(at_us, room));
}

static struct str reason_text(enum reason reason, int taxonomy)
{
	return taxonomy == REPORT_JSON_OUR_NAMES
		       ? reason_name(reason)
		       : reason_in_taxonomy(reason, (enum taxonomy)taxonomy);
}

static void put_span(struct json_out *w, const struct rule_ref *rule)
{
	json_out_key(w, STR("span"));
	if (rule->span_to <= rule->span_from) {
		json_out_null(w);
		return;
	}
	json_out_open(w, '[');
	json_out_number(w, rule->span_from);
	json_out_number(w, rule->span_to);
	json_out_close(w, ']');
}

static void put_rule(struct json_out *w, const struct rule_ref *rule)
{
	json_out_key(w, STR("rule"));
	if (!rule->id.n) {
		json_out_null(w);
		return;
	}
	json_out_open(w, '{');
	put_text(w, STR("id"), rule->id);
	put_text(w, STR("layer"), layer_name(rule->layer));
	put_span(w, rule);
	json_out_close(w, '}');
}

static void put_event(struct json_out *w, const struct event *e, int taxonomy)
{
	json_out_open(w, '{');
	put_text(w, STR("recipient"), e->recipient);
	put_text(w, STR("final_recipient"), e->final_recipient);
	put_text(w, STR("original_recipient"), e->original_recipient);
	put_text(w, STR("domain"), e->domain);
	put_text(w, STR("outcome"), outcome_name(e->outcome));
	put_text(w, STR("status"), e->status);
	put_text(w, STR("status_field"), e->status_field);
	json_out_key(w, STR("reply_code"));
	if (e->reply_code)
		json_out_number(w, e->reply_code);
	else
		json_out_null(w);
	put_text(w, STR("reason"), reason_text(e->reason, taxonomy));
	put_text(w, STR("class"), reason_class_name(e->class));
	put_text(w, STR("diagnostic"), e->diagnostic);
	put_text(w, STR("diagnostic_type"), e->diagnostic_type);
	put_text(w, STR("command"), e->command);
	put_text(w, STR("reporting_mta"), e->reporting_mta);
	put_text(w, STR("remote_mta"), e->remote_mta);
	put_moment(w, STR("arrival_date"), e->arrival_date_us);
	put_moment(w, STR("last_attempt_date"), e->last_attempt_date_us);
	put_moment(w, STR("will_retry_until"), e->will_retry_until_us);
	put_rule(w, &e->rule);
	json_out_key(w, STR("confidence"));
	json_out_share(w, e->confidence);
	json_out_close(w, '}');
}

static void put_original(struct json_out *w, const struct original *o)
{
	json_out_key(w, STR("original"));
	json_out_open(w, '{');
	put_text(w, STR("message_id"), o->message_id);
	put_text(w, STR("from"), o->from);
	put_text(w, STR("subject"), o->subject);
	put_moment(w, STR("date"), o->date_us);
	put_text(w, STR("list_id"), o->list_id);
	put_text(w, STR("envelope_id"), o->envelope_id);
	json_out_close(w, '}');
}

static void put_token(struct json_out *w, const struct token_ref *token)
{
	json_out_key(w, STR("token"));
	json_out_open(w, '{');
	put_text(w, STR("verdict"), token_verdict_name(token->verdict));
	if (token->text.n)
		put_text(w, STR("text"), token->text);
	if (token->sent_to.n)
		put_text(w, STR("sent_to"), token->sent_to);
	json_out_close(w, '}');
}

static void put_flaws(struct json_out *w, uint32_t flaws)
{
	json_out_key(w, STR("flaws"));
	json_out_open(w, '[');
	for (size_t i = 0; i < FLAW_COUNT; i++)
		if (flaws & FLAW_BIT(i))
			json_out_text(w, flaw_name((enum flaw)i));
	json_out_close(w, ']');
}

enum err report_json_write_event(
	const struct event *event, struct report_json_options options, struct buf *out)
{
	struct json_out w = { .out = out, .pretty = options.style == REPORT_JSON_PRETTY };

	put_event(&w, event, options.taxonomy);
	return buf_check(out);
}

enum err report_json_write(const struct report *report, struct str file,
	struct report_json_options options, struct buf *out)
{
	struct json_out w = { .out = out, .pretty = options.style == REPORT_JSON_PRETTY };

	json_out_open(&w, '{');
	if (file.n && utf8_valid(file))
		put_text(&w, STR("file"), file);
	put_text(&w, STR("kind"), kind_name(report->kind));
	put_text(&w, STR("format"), report->format);
	json_out_key(&w, STR("events"));
	json_out_open(&w, '[');
	for (size_t i = 0; i < report->n_events; i++)
		put_event(&w, &report->events[i], options.taxonomy);
	json_out_close(&w, ']');
	put_original(&w, &report->original);
	put_token(&w, &report->token);
	put_flaws(&w, report->flaws);
	json_out_close(&w, '}');
	buf_putc(out, '\n');
	return buf_check(out);
}

/* ---- reading ---- */

struct reader {
	struct arena *arena;
	bool bad; /* sticky: a field of the wrong type was met */
};

static struct str read_text(struct reader *r, json_t *object, const char *key)
{
	json_t *value = json_object_get(object, key);

	if (!value || json_is_null(value))
		return STR_EMPTY;
	if (!json_is_string(value)) {
		r->bad = true;
		return STR_EMPTY;
	}
	return arena_dup(r->arena, str_from(json_string_value(value), json_string_length(value)));
}

static uint64_t read_number(struct reader *r, json_t *value, uint64_t max)
{
	if (!value || json_is_null(value))
		return 0;
	if (!json_is_integer(value) || json_integer_value(value) < 0 ||
		(uint64_t)json_integer_value(value) > max) {
		r->bad = true;
		return 0;
	}
	return (uint64_t)json_integer_value(value);
}

static int64_t read_moment(struct reader *r, json_t *object, const char *key)
{
	struct str s = read_text(r, object, key);
	int64_t at_us = TIMESTAMP_NONE;

	if (s.n && !timestamp_parse(s, &at_us))
		r->bad = true;
	return at_us;
}

static void read_rule(struct reader *r, json_t *rule, struct rule_ref *ret_rule)
{
	json_t *span = json_object_get(rule, "span");

	if (!json_is_object(rule))
		return;
	ret_rule->id = read_text(r, rule, "id");
	r->bad |= !layer_from_name(read_text(r, rule, "layer"), &ret_rule->layer);
	if (!json_is_array(span))
		return;
	ret_rule->span_from = read_number(r, json_array_get(span, 0), LIMIT_DIAGNOSTIC_BYTES);
	ret_rule->span_to = read_number(r, json_array_get(span, 1), LIMIT_DIAGNOSTIC_BYTES);
}

static void read_words(struct reader *r, json_t *object, struct event *e)
{
	struct str reason = read_text(r, object, "reason"), class = read_text(r, object, "class");

	r->bad |= !outcome_from_name(read_text(r, object, "outcome"), &e->outcome);
	r->bad |= reason.n && !reason_from_name(reason, &e->reason);
	r->bad |= class.n && !reason_class_from_name(class, &e->class);
	e->reply_code = (unsigned)read_number(r, json_object_get(object, "reply_code"), 599);
	e->confidence = json_number_value(json_object_get(object, "confidence"));
}

static void read_event(struct reader *r, json_t *object, struct event *e)
{
	event_init(e);
	e->recipient = read_text(r, object, "recipient");
	e->final_recipient = read_text(r, object, "final_recipient");
	e->original_recipient = read_text(r, object, "original_recipient");
	e->domain = read_text(r, object, "domain");
	e->status = read_text(r, object, "status");
	e->status_field = read_text(r, object, "status_field");
	e->diagnostic = read_text(r, object, "diagnostic");
	e->diagnostic_type = read_text(r, object, "diagnostic_type");
	e->command = read_text(r, object, "command");
	e->reporting_mta = read_text(r, object, "reporting_mta");
	e->remote_mta = read_text(r, object, "remote_mta");
	e->arrival_date_us = read_moment(r, object, "arrival_date");
	e->last_attempt_date_us = read_moment(r, object, "last_attempt_date");
	e->will_retry_until_us = read_moment(r, object, "will_retry_until");
	read_rule(r, json_object_get(object, "rule"), &e->rule);
	read_words(r, object, e);
}

static void read_original(struct reader *r, json_t *object, struct original *o)
{
	o->message_id = read_text(r, object, "message_id");
	o->from = read_text(r, object, "from");
	o->subject = read_text(r, object, "subject");
	o->list_id = read_text(r, object, "list_id");
	o->envelope_id = read_text(r, object, "envelope_id");
	o->date_us = read_moment(r, object, "date");
}

static void read_flaws(struct reader *r, json_t *array, uint32_t *flaws)
{
	json_t *item;
	size_t i;

	json_array_foreach(array, i, item)
	{
		enum flaw flaw = FLAW_COUNT;

		if (flaw_from_name(str_c(json_string_value(item)), &flaw))
			*flaws |= FLAW_BIT(flaw);
		else
			r->bad = true;
	}
}

static void read_report(struct reader *r, json_t *object, struct report *report)
{
	json_t *events = json_object_get(object, "events");
	json_t *token = json_object_get(object, "token");

	r->bad |= !kind_from_name(read_text(r, object, "kind"), &report->kind);
	report->format = read_text(r, object, "format");
	report->n_events = json_array_size(events);
	if (report->n_events > LIMIT_EVENTS) {
		r->bad = true;
		return;
	}
	report->events = arena_calloc(r->arena, report->n_events, sizeof *report->events);
	for (size_t i = 0; i < report->n_events; i++)
		read_event(r, json_array_get(events, i), &report->events[i]);
	read_original(r, json_object_get(object, "original"), &report->original);
	r->bad |= !token_verdict_from_name(read_text(r, token, "verdict"), &report->token.verdict);
	report->token.text = read_text(r, token, "text");
	report->token.sent_to = read_text(r, token, "sent_to");
	read_flaws(r, json_object_get(object, "flaws"), &report->flaws);
}

enum err report_json_read(struct arena *arena, struct str json, struct report *ret_report)
{
	json_t *object = json_loadb(json.p, json.n, JSON_REJECT_DUPLICATES, NULL);
	struct reader reader = { arena, false };
	struct report report;

	report_init(&report);
	if (!json_is_object(object))
		reader.bad = true;
	else
		read_report(&reader, object, &report);
	json_decref(object);
	if (reader.bad)
		return ERR_SYNTAX;
	*ret_report = report;
	return ERR_OK;
}
