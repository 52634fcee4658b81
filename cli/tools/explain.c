#include "cli/tools/explain.h"

#include "core/sink.h"
#include "core/status_code.h"
#include "core/utf8.h"

enum { EXPLAIN_CONTEXT_BYTES = 60 }; /* of the diagnostic, before and behind the matched words */

/* Text of the mail, fit for a terminal. */
static void put_plain(struct buf *out, struct str text)
{
	sink_put(out, SINK_TERMINAL, text);
}

static void put_field(struct buf *out, const char *label, struct str text)
{
	if (!text.n)
		return;
	buf_printf(out, "  %-11s ", label);
	put_plain(out, text);
	buf_putc(out, '\n');
}

/* Columns that a run of UTF-8 takes, as far as one column a character goes. */
static size_t columns(struct str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += ((unsigned char)text.p[i] & 0xC0) != 0x80;
	return n;
}

/* The start of a character at or before `at`. */
static size_t character_start(struct str text, size_t at)
{
	while (at && at < text.n && ((unsigned char)text.p[at] & 0xC0) == 0x80)
		at--;
	return at;
}

/* The line of the mail with the matched words underlined. */
static void put_diagnostic(struct buf *out, const struct event *event)
{
	struct str text = event->diagnostic;
	size_t from = event->rule.span_from, to = event->rule.span_to, start, end;

	if (to <= from || to > text.n) {
		put_field(out, "diagnostic", text);
		return;
	}
	start = from > EXPLAIN_CONTEXT_BYTES ? character_start(text, from - EXPLAIN_CONTEXT_BYTES)
					     : 0;
	end = text.n - to > EXPLAIN_CONTEXT_BYTES
		      ? character_start(text, to + EXPLAIN_CONTEXT_BYTES)
		      : text.n;
	buf_printf(out, "  %-11s %s", "diagnostic", start ? "..." : "");
	put_plain(out, str_slice(text, start, end));
	buf_printf(out, "%s\n  %-11s %*s", end < text.n ? "..." : "", "",
		(int)(columns(str_slice(text, start, from)) + (start ? 3 : 0)), "");
	for (size_t i = columns(str_slice(text, from, to)); i; i--)
		buf_putc(out, '^');
	buf_putc(out, '\n');
}

static void put_status(struct buf *out, const struct event *event)
{
	struct status_code code;

	if (event->reply_code)
		buf_printf(out, "  %-11s %u\n", "reply code", event->reply_code);
	if (!event->status.n)
		return;
	buf_printf(out, "  %-11s %.*s", "status", STR_ARG(event->status));
	if (status_code_parse(event->status, &code) && status_code_meaning(code).n)
		buf_printf(out, " (%.*s)", STR_ARG(status_code_meaning(code)));
	buf_putc(out, '\n');
}

static void put_account(struct buf *out, struct str account)
{
	struct str line;

	while (str_next_line(&account, &line)) {
		put_plain(out, line);
		buf_putc(out, '\n');
	}
}

static void put_event(struct buf *out, const struct event *event)
{
	put_plain(out, event->recipient.n ? event->recipient : STR("(recipient not known)"));
	buf_printf(out, ": %.*s\n", STR_ARG(outcome_name(event->outcome)));
	if (!str_ieq(event->final_recipient, event->recipient))
		put_field(out, "failed at", event->final_recipient);
	if (event->reason != REASON_NONE)
		buf_printf(out, "  %-11s %.*s, %.*s: %.*s\n", "reason",
			STR_ARG(reason_name(event->reason)),
			STR_ARG(reason_class_name(event->class)),
			STR_ARG(reason_meaning(event->reason)));
	put_status(out, event);
	put_diagnostic(out, event);
	put_field(out, "said by", event->remote_mta.n ? event->remote_mta : event->reporting_mta);
	if (event->rule.id.n)
		buf_printf(out, "  %-11s %.*s (layer %.*s, confidence %.2f)\n", "rule",
			STR_ARG(event->rule.id), STR_ARG(layer_name(event->rule.layer)),
			event->confidence);
	put_account(out, event->account);
}

void explain_event(const struct event *event, struct buf *out)
{
	put_event(out, event);
}

void explain_write(const struct report *report, struct str file, struct buf *out)
{
	buf_printf(out, "%.*s: %.*s", STR_ARG(file), STR_ARG(kind_name(report->kind)));
	if (report->format.n)
		buf_printf(out, ", written as %.*s", STR_ARG(report->format));
	buf_printf(out, ", %zu event%s\n", report->n_events, report->n_events == 1 ? "" : "s");
	for (size_t i = 0; i < FLAW_COUNT; i++)
		if (report->flaws & FLAW_BIT(i))
			buf_printf(out, "  %-11s %.*s\n", "flaw", STR_ARG(flaw_name((enum flaw)i)));
	for (size_t i = 0; i < report->n_events; i++)
		put_event(out, &report->events[i]);
}
