#include "core/report_json.h"

#include "core/limits.h"
#include "core/utf8.h"

#include <jansson.h>

/* ---- writing ---- */

static json_t *text(struct str s)
{
	return s.n ? json_stringn(s.p, s.n) : json_null();
}

static json_t *moment(int64_t at_us)
{
	char room[TIMESTAMP_TEXT_BYTES];

	return at_us == TIMESTAMP_NONE ? json_null() : text(timestamp_format(at_us, room));
}

static json_t *reason_text(enum reason reason, int taxonomy)
{
	if (taxonomy == REPORT_JSON_OUR_NAMES)
		return text(reason_name(reason));
	return text(reason_in_taxonomy(reason, (enum taxonomy)taxonomy));
}

static json_t *rule_json(const struct rule_ref *rule)
{
	json_t *span =
		rule->span_to > rule->span_from
			? json_pack("[I,I]", (json_int_t)rule->span_from, (json_int_t)rule->span_to)
			: json_null();

	if (!rule->id.n) {
		json_decref(span);
		return json_null();
	}
	return json_pack("{s:o,s:o,s:o}", "id", text(rule->id), "layer",
		text(layer_name(rule->layer)), "span", span);
}

static json_t *event_json(const struct event *e, int taxonomy)
{
	json_t *object = json_object();

	json_object_set_new(object, "recipient", text(e->recipient));
	json_object_set_new(object, "final_recipient", text(e->final_recipient));
	json_object_set_new(object, "original_recipient", text(e->original_recipient));
	json_object_set_new(object, "domain", text(e->domain));
	json_object_set_new(object, "outcome", text(outcome_name(e->outcome)));
	json_object_set_new(object, "status", text(e->status));
	json_object_set_new(object, "status_field", text(e->status_field));
	json_object_set_new(object, "reply_code",
		e->reply_code ? json_integer((json_int_t)e->reply_code) : json_null());
	json_object_set_new(object, "reason", reason_text(e->reason, taxonomy));
	json_object_set_new(object, "class", text(reason_class_name(e->class)));
	json_object_set_new(object, "diagnostic", text(e->diagnostic));
	json_object_set_new(object, "diagnostic_type", text(e->diagnostic_type));
	json_object_set_new(object, "command", text(e->command));
	json_object_set_new(object, "reporting_mta", text(e->reporting_mta));
	json_object_set_new(object, "remote_mta", text(e->remote_mta));
	json_object_set_new(object, "arrival_date", moment(e->arrival_date_us));
	json_object_set_new(object, "last_attempt_date", moment(e->last_attempt_date_us));
	json_object_set_new(object, "will_retry_until", moment(e->will_retry_until_us));
	json_object_set_new(object, "rule", rule_json(&e->rule));
	json_object_set_new(object, "confidence", json_real(e->confidence));
	return object;
}

static json_t *original_json(const struct original *o)
{
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o}", "message_id", text(o->message_id), "from",
		text(o->from), "subject", text(o->subject), "date", moment(o->date_us), "list_id",
		text(o->list_id), "envelope_id", text(o->envelope_id));
}

static json_t *token_json(const struct token_ref *token)
{
	json_t *object = json_pack("{s:o}", "verdict", text(token_verdict_name(token->verdict)));

	if (token->text.n)
		json_object_set_new(object, "text", text(token->text));
	return object;
}

static json_t *flaws_json(uint32_t flaws)
{
	json_t *array = json_array();

	for (size_t i = 0; i < FLAW_COUNT; i++)
		if (flaws & FLAW_BIT(i))
			json_array_append_new(array, text(flaw_name((enum flaw)i)));
	return array;
}

static int put_chunk(const char *bytes, size_t n, void *out)
{
	buf_put(out, str_from(bytes, n));
	return 0;
}

static enum err dump(json_t *object, struct report_json_options options, struct buf *out)
{
	size_t style = options.style == REPORT_JSON_PRETTY ? JSON_INDENT(2) : JSON_COMPACT;

	json_dump_callback(object, put_chunk, out, style | JSON_REAL_PRECISION(4));
	json_decref(object);
	return buf_check(out);
}

enum err report_json_write_event(
	const struct event *event, struct report_json_options options, struct buf *out)
{
	return dump(event_json(event, options.taxonomy), options, out);
}

enum err report_json_write(const struct report *report, struct str file,
	struct report_json_options options, struct buf *out)
{
	json_t *object = json_object(), *events = json_array();
	enum err err;

	if (file.n && utf8_valid(file))
		json_object_set_new(object, "file", text(file));
	json_object_set_new(object, "kind", text(kind_name(report->kind)));
	json_object_set_new(object, "format", text(report->format));
	for (size_t i = 0; i < report->n_events; i++)
		json_array_append_new(events, event_json(&report->events[i], options.taxonomy));
	json_object_set_new(object, "events", events);
	json_object_set_new(object, "original", original_json(&report->original));
	json_object_set_new(object, "token", token_json(&report->token));
	json_object_set_new(object, "flaws", flaws_json(report->flaws));
	err = dump(object, options, out);
	buf_putc(out, '\n');
	return err ? err : buf_check(out);
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
