#include "library/report.h"

#include "core/buf.h"
#include "core/report_json.h"

#include <stdlib.h>
#include <string.h>

/* Each event of theirs is one of ours: the type is there for callers to have a name for it. */
struct bounced_event {
	struct event event;
};
struct bounced_report {
	struct report report;
	struct str flaws;
	bool lone; /* an event without a mail */
};

/* A flaw of a name of 20 bytes takes part 32 times at most. An escaped byte is six: "\u001f". */
enum { FLAWS_BYTES = 1024 };
static const size_t json_bytes_most = (size_t)1 << 28;

/* ---- copying ---- */

/* Gone through twice: without memory, to learn how much it takes, and with it. */
struct room {
	char *p;
	size_t n;
};

static void keep(struct room *room, struct str *text)
{
	if (room->p) {
		char *to = room->p + room->n;

		if (text->n)
			memcpy(to, text->p, text->n);
		to[text->n] = '\0';
		*text = str_from(to, text->n);
	}
	room->n += text->n + 1;
}

static void keep_event(struct room *room, struct event *e)
{
	struct str *texts[] = { &e->recipient, &e->final_recipient, &e->original_recipient,
		&e->domain, &e->status, &e->status_field, &e->diagnostic, &e->diagnostic_type,
		&e->command, &e->reporting_mta, &e->remote_mta, &e->rule.id };

	e->account = STR_EMPTY;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		keep(room, texts[i]);
}

static void keep_report(struct room *room, struct report *report)
{
	struct original *o = &report->original;
	struct str *texts[] = { &report->format, &o->message_id, &o->from, &o->subject, &o->list_id,
		&o->envelope_id, &report->token.text, &report->token.sent_to };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		keep(room, texts[i]);
	for (size_t i = 0; i < report->n_events; i++) {
		struct event event = report->events[i];

		keep_event(room, room->p ? &report->events[i] : &event);
	}
}

static struct str flaw_names(const struct report *report, char names[static FLAWS_BYTES])
{
	struct buf out = BUF_INIT(FLAWS_BYTES);
	size_t n;

	for (size_t i = 0; i < FLAW_COUNT; i++)
		if (report->flaws & FLAW_BIT(i))
			buf_printf(
				&out, "%s%.*s", out.n ? "," : "", STR_ARG(flaw_name((enum flaw)i)));
	n = out.n;
	if (n)
		memcpy(names, out.p, n);
	buf_release(&out);
	return str_from(names, n);
}

static struct bounced_report *copy(const struct report *report, bool lone)
{
	char names[FLAWS_BYTES];
	struct str flaws = flaw_names(report, names);
	struct report told = *report;
	size_t event_bytes = report->n_events * sizeof(struct event);
	struct room room = { 0 };
	struct bounced_report *made;

	keep_report(&room, &told);
	keep(&room, &flaws);
	made = malloc(sizeof *made + event_bytes + room.n);
	if (!made)
		abort();
	made->report = *report;
	made->report.events = (struct event *)(made + 1);
	if (event_bytes)
		memcpy(made->report.events, report->events, event_bytes);
	made->flaws = flaws;
	made->lone = lone;
	room = (struct room){ .p = (char *)(made + 1) + event_bytes };
	keep_report(&room, &made->report);
	keep(&room, &made->flaws);
	return made;
}

struct bounced_report *report_copy(const struct report *report)
{
	return copy(report, false);
}

struct bounced_report *report_copy_event(const struct event *event)
{
	struct event told = *event;
	struct report report;

	report_init(&report);
	report.events = &told;
	report.n_events = 1;
	return copy(&report, true);
}

void bounced_report_free(struct bounced_report *report)
{
	free(report);
}

/* ---- a report ---- */

/* By name, so that a word of ours without a public one ends the build. */
static const enum bounced_kind kinds[KIND_COUNT] = {
#define KIND(id, name, meaning) [KIND_##id] = BOUNCED_KIND_##id,
#include "core/report.def"
};
static const enum bounced_outcome outcomes[OUTCOME_COUNT] = {
#define OUTCOME(id, name, meaning) [OUTCOME_##id] = BOUNCED_##id,
#include "core/report.def"
};
static const enum bounced_class classes[CLASS_COUNT] = { [CLASS_NONE] = BOUNCED_CLASS_NONE,
	[CLASS_HARD] = BOUNCED_HARD,
	[CLASS_SOFT] = BOUNCED_SOFT,
	[CLASS_BLOCK] = BOUNCED_BLOCK };

enum bounced_kind bounced_report_kind(const struct bounced_report *report)
{
	return kinds[report->report.kind];
}

static const char *shown(struct str text)
{
	return text.n ? text.p : "";
}

const char *bounced_report_text(
	const struct bounced_report *report, enum bounced_report_field field)
{
	const struct report *r = &report->report;

	switch (field) {
	case BOUNCED_REPORT_KIND:
		return shown(kind_name(r->kind));
	case BOUNCED_REPORT_FORMAT:
		return shown(r->format);
	case BOUNCED_REPORT_ORIGINAL_MESSAGE_ID:
		return shown(r->original.message_id);
	case BOUNCED_REPORT_ORIGINAL_FROM:
		return shown(r->original.from);
	case BOUNCED_REPORT_ORIGINAL_SUBJECT:
		return shown(r->original.subject);
	case BOUNCED_REPORT_ORIGINAL_LIST_ID:
		return shown(r->original.list_id);
	case BOUNCED_REPORT_ENVELOPE_ID:
		return shown(r->original.envelope_id);
	case BOUNCED_REPORT_TOKEN:
		return shown(r->token.text);
	case BOUNCED_REPORT_FLAWS:
		return shown(report->flaws);
	}
	return "";
}

int64_t bounced_report_original_date_us(const struct bounced_report *report)
{
	return report->report.original.date_us;
}

size_t bounced_report_events(const struct bounced_report *report)
{
	return report->report.n_events;
}

const struct bounced_event *bounced_report_event(const struct bounced_report *report, size_t number)
{
	return (const struct bounced_event *)&report->report.events[number];
}

char *bounced_report_json(const struct bounced_report *report, size_t *ret_bytes)
{
	const struct report_json_options options = { REPORT_JSON_LINE, REPORT_JSON_OUR_NAMES };
	struct buf out = BUF_INIT(json_bytes_most);
	enum err err;

	if (report->lone)
		err = report_json_write_event(report->report.events, options, &out);
	else
		err = report_json_write(&report->report, STR_EMPTY, options, &out);
	if (err)
		abort(); /* more than all that can stand in a report takes */
	while (out.n && out.p[out.n - 1] == '\n')
		out.n--;
	buf_putc(&out, '\0');
	if (ret_bytes)
		*ret_bytes = out.n - 1;
	return out.p;
}

void bounced_text_free(char *text)
{
	free(text);
}

/* ---- an event ---- */

enum bounced_outcome bounced_event_outcome(const struct bounced_event *event)
{
	return outcomes[event->event.outcome];
}

enum bounced_class bounced_event_class(const struct bounced_event *event)
{
	return classes[event->event.class];
}

const char *bounced_event_text(const struct bounced_event *event, enum bounced_event_field field)
{
	const struct event *e = &event->event;

	switch (field) {
	case BOUNCED_EVENT_RECIPIENT:
		return shown(e->recipient);
	case BOUNCED_EVENT_FINAL_RECIPIENT:
		return shown(e->final_recipient);
	case BOUNCED_EVENT_ORIGINAL_RECIPIENT:
		return shown(e->original_recipient);
	case BOUNCED_EVENT_DOMAIN:
		return shown(e->domain);
	case BOUNCED_EVENT_OUTCOME:
		return shown(outcome_name(e->outcome));
	case BOUNCED_EVENT_CLASS:
		return shown(reason_class_name(e->class));
	case BOUNCED_EVENT_REASON:
		return shown(reason_name(e->reason));
	case BOUNCED_EVENT_STATUS:
		return shown(e->status);
	case BOUNCED_EVENT_STATUS_FIELD:
		return shown(e->status_field);
	case BOUNCED_EVENT_DIAGNOSTIC:
		return shown(e->diagnostic);
	case BOUNCED_EVENT_DIAGNOSTIC_TYPE:
		return shown(e->diagnostic_type);
	case BOUNCED_EVENT_COMMAND:
		return shown(e->command);
	case BOUNCED_EVENT_REPORTING_MTA:
		return shown(e->reporting_mta);
	case BOUNCED_EVENT_REMOTE_MTA:
		return shown(e->remote_mta);
	case BOUNCED_EVENT_RULE:
		return shown(e->rule.id);
	case BOUNCED_EVENT_LAYER:
		return shown(e->rule.id.n ? layer_name(e->rule.layer) : STR_EMPTY);
	}
	return "";
}

int64_t bounced_event_number(const struct bounced_event *event, enum bounced_event_number number)
{
	const struct event *e = &event->event;

	switch (number) {
	case BOUNCED_EVENT_REPLY_CODE:
		return e->reply_code;
	case BOUNCED_EVENT_RULE_FROM:
		return (int64_t)e->rule.span_from;
	case BOUNCED_EVENT_RULE_TO:
		return (int64_t)e->rule.span_to;
	case BOUNCED_EVENT_ARRIVAL_US:
		return e->arrival_date_us;
	case BOUNCED_EVENT_LAST_ATTEMPT_US:
		return e->last_attempt_date_us;
	case BOUNCED_EVENT_WILL_RETRY_UNTIL_US:
		return e->will_retry_until_us;
	}
	return 0;
}

double bounced_event_confidence(const struct bounced_event *event)
{
	return event->event.confidence;
}
