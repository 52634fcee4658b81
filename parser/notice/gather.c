#include "parser/notice/gather.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "parser/mail/address.h"
#include "parser/mail/layout.h"
#include "parser/notice/claim.h"
#include "parser/notice/correlate.h"
#include "parser/notice/delivery.h"
#include "parser/notice/footer.h"
#include "parser/notice/kind.h"
#include "parser/notice/lone.h"
#include "parser/notice/named_list.h"
#include "parser/text/diagnostic.h"
#include "parser/text/unfold.h"

#include <string.h>

/* ---- the report ---- */

/* Some put the fields of a report into the header of the mail itself. */
static struct str fields_of_header(struct arena *arena, const struct notice *notice)
{
	struct str recipient = notice_header(notice, STR("Final-Recipient"));
	struct str original = notice_header(notice, STR("Original-Recipient"));

	if (!recipient.n)
		return STR_EMPTY;
	return arena_printf(arena,
		"Final-Recipient: %.*s\nOriginal-Recipient: %.*s\nAction: %.*s\nStatus: %.*s\n",
		STR_ARG(recipient), STR_ARG(original),
		STR_ARG(notice_header(notice, STR("Action"))),
		STR_ARG(notice_header(notice, STR("Status"))));
}

/* The report without the margin that its first line has: else each line continues the one before. */
static struct str without_margin(struct arena *arena, struct str text)
{
	size_t margin = str_span(text, " \t"), n = 0;
	char *out;
	struct str rest = text, line;

	if (!margin)
		return text;
	out = arena_alloc(arena, text.n + 1);
	while (str_next_line(&rest, &line)) {
		size_t own = str_span(line, " \t");

		line = str_skip(line, own < margin ? own : margin);
		memcpy(out + n, line.p, line.n);
		n += line.n;
		out[n++] = '\n';
	}
	return str_from(out, n);
}

/* A report in the text, else one in the header. */
static bool find_report(
	struct arena *arena, const struct notice *notice, struct str text, struct dsn *ret_dsn)
{
	size_t at = dsn_find(text);
	struct str header;

	if (at != STR_NPOS &&
		dsn_parse(arena, without_margin(arena, str_skip(text, at)), ret_dsn) == ERR_OK)
		return true;
	header = fields_of_header(arena, notice);
	return header.n && dsn_parse(arena, header, ret_dsn) == ERR_OK;
}

static void take_report(struct arena *arena, const struct dsn *dsn, struct gathering *g)
{
	struct str id;

	delivery_events(arena, dsn, &g->list);
	id = xtext_decode(arena, dsn->message.field[DSN_ENVELOPE_ID].text);
	g->envelope_id = utf8_head(utf8_clean(arena, id), LIMIT_FIELD_TEXT_BYTES);
}

/* A report that names itself and each recipient, and says with a code why: what the notice says in words
 * beside it adds nothing. One without a reporting MTA is made by a program that only its words tell. */
static bool report_is_whole(const struct event_list *report)
{
	if (report->flaws & FLAW_BIT(FLAW_NO_REPORTING_MTA))
		return false;
	for (size_t i = 0; i < report->n; i++) {
		struct diagnostic told;

		if (!report->items[i].recipient.n)
			return false;
		diagnostic_read(report->items[i].diagnostic, &told);
		if (!told.reply_code && !told.status.n)
			return false;
	}
	return report->n > 0;
}

static void note_shape(const struct notice *notice, struct event_list *list)
{
	if (notice->status_encoded)
		list->flaws |= FLAW_BIT(FLAW_STATUS_ENCODED);
	if (str_eq(notice->tree->type, STR("multipart/report")) &&
		(!notice->tree->report_type.n || !notice->has_status))
		list->flaws |= FLAW_BIT(FLAW_NO_REPORT_TYPE);
}

/* ---- report and words together ---- */

/* The words of the notice about one recipient of the report; with one of each, about that. */
static const struct event *words_for(
	const struct event_list *words, const struct event_list *report, size_t i)
{
	const struct event *event = &report->items[i], *found;

	found = event_list_find(words, event->final_recipient);
	if (!found)
		found = event_list_find(words, event->recipient);
	if (!found && words->n == 1 && report->n == 1)
		found = &words->items[0];
	return found;
}

/* A report without a diagnosis takes that of the notice; one without an address takes that too. */
static void fill_from_words(struct event_list *report, const struct event_list *words)
{
	for (size_t i = 0; i < report->n; i++) {
		struct event *event = &report->items[i];
		const struct event *from = words_for(words, report, i);

		if (!from && !event->recipient.n && i < words->n)
			from = &words->items[i];
		if (!from)
			continue;
		if (!event->recipient.n && from->recipient.n) {
			event->recipient = from->recipient;
			event->final_recipient = from->final_recipient;
		}
		if (!event->diagnostic.n)
			event->diagnostic = from->diagnostic;
	}
}

/* The reply at the front of a line of a transcript: "<<< 550 no", "- 554 no", "returned '550 no'". */
static struct str reply_in(struct str line)
{
	static const struct str leads[] = { STR_INIT("returned '"), STR_INIT("returned \"") };
	struct diagnostic d;
	struct str s = str_skip(line, str_span(line, " \t<>*-'\"(#"));

	for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
		size_t at = str_ifind(line, leads[i]);

		if (at != STR_NPOS)
			s = str_skip(line, at + leads[i].n);
	}
	if (!s.n || !ascii_digit(s.p[0]))
		return STR_EMPTY;
	diagnostic_read(str_head(s, 24), &d);
	return d.reply_code || d.status.n ? s : STR_EMPTY;
}

static struct str reply_in_text(struct str text)
{
	struct str rest = text, line, reply;

	while (str_next_line(&rest, &line)) {
		reply = reply_in(line);
		if (reply.n)
			return reply;
	}
	return STR_EMPTY;
}

/* Steps by the words that events use for them; others are not kept. */
static struct str known_step(struct str step)
{
	static const struct str steps[] = { STR_INIT("RCPT"), STR_INIT("DATA"), STR_INIT("MAIL"),
		STR_INIT("EHLO"), STR_INIT("HELO"), STR_INIT("STARTTLS"), STR_INIT("CONN"),
		STR_INIT("QUIT") };

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (str_ieq(step, steps[i]))
			return steps[i];
	return STR_EMPTY;
}

/* The step of the transcript that was answered with a refusal: the last ">>> " before it. */
static struct str step_in_text(struct str text)
{
	struct str rest = text, line, step = STR_EMPTY;

	while (str_next_line(&rest, &line)) {
		line = str_trim(line);
		if (str_starts(line, STR(">>> ")))
			step = str_trim(str_skip(line, 4));
		else if (step.n && reply_in(line).n)
			break;
	}
	step = str_head(step, str_cspan(step, " :"));
	return step.n ? step : diagnostic_command(text);
}

/* With one recipient, a reply that stands elsewhere in the notice is about him. A diagnosis of the
 * report keeps its words and takes the code alone. */
static void fill_reply(struct arena *arena, struct str text, bool report, struct event_list *list)
{
	struct event *event = list->items;
	struct diagnostic told, found;
	struct str reply;

	if (list->n != 1)
		return;
	diagnostic_read(event->diagnostic, &told);
	if (!told.command.n)
		event->command = known_step(step_in_text(text));
	if (told.reply_code || (told.status.n && !report))
		return;
	reply = reply_in_text(text);
	if (!reply.n)
		return;
	diagnostic_read(reply, &found);
	event->reply_code = found.reply_code;
	if (!report || !event->diagnostic.n)
		event->diagnostic = utf8_head(text_squeeze(arena, reply), LIMIT_DIAGNOSTIC_BYTES);
}

/* ---- X-Failed-Recipients ---- */

/* The words of a notice as a diagnosis, where nothing in them can be told apart. */
static struct str whole_diagnosis(struct arena *arena, struct str notice)
{
	return utf8_head(text_squeeze(arena, utf8_head(notice, LIMIT_DIAGNOSTIC_BYTES * 4)),
		LIMIT_DIAGNOSTIC_BYTES);
}

static struct event *first_unnamed(struct event_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (!list->items[i].recipient.n)
			return &list->items[i];
	return NULL;
}

static void name_event(struct event *event, struct str address)
{
	event->final_recipient = address;
	if (!event->recipient.n)
		event->recipient = address;
}

/* Keeps the events that the field names, if it names any of them: the field is made by the program,
 * the list in the text is read by us. */
static void keep_named(struct event_list *list, const bool *named)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (named[i])
			list->items[n++] = list->items[i];
	if (n)
		list->n = n;
}

struct failed_field {
	struct arena *arena;
	const struct format_reading *reading;
	struct event_list *list;
	bool was_empty;
	bool *named; /* which events of the list the field names */
};

static void take_failed(struct failed_field *field, struct str address)
{
	struct event *event = event_list_find(field->list, address);

	if (!event)
		event = first_unnamed(field->list);
	if (!event && field->was_empty)
		event = event_list_add(field->arena, field->list);
	if (!event)
		return;
	if (!event->recipient.n)
		name_event(event, address);
	if (field->was_empty && !event->diagnostic.n) {
		event->outcome = OUTCOME_FAILED;
		event->diagnostic = whole_diagnosis(field->arena, field->reading->notice);
	}
	field->named[event - field->list->items] = true;
}

/* A list that no family has read is told by the first address of the field. */
static void take_named_list(
	struct failed_field *field, const struct notice *notice, struct str address)
{
	struct event_list found = { 0 };
	struct entry_source source = { .arena = field->arena,
		.rest = field->reading->notice,
		.from = notice->from_address,
		.list = &found };

	if (field->list->n && !str_eq(field->reading->format, STR("generic")))
		return;
	named_list_read(&source, address);
	if (found.n >= field->list->n && found.n)
		*field->list = found;
}

/* Exim repeats the field for each fifty recipients. */
static void read_failed_fields(struct arena *arena, const struct notice *notice,
	const struct format_reading *reading, struct event_list *list)
{
	const struct header_list *headers = &notice->tree->headers;
	struct failed_field field = { arena, reading, list, false, NULL };
	struct str rest, word, address;

	for (size_t i = 0; i < headers->n; i++) {
		if (!str_ieq(headers->items[i].name, STR("X-Failed-Recipients")))
			continue;
		rest = mime_decode_words(arena, headers->items[i].value);
		while (str_next_word(&rest, ", \t", &word)) {
			if (!address_take(arena, word, &address))
				continue;
			address = address_normal(arena, address);
			if (!field.named) {
				take_named_list(&field, notice, address);
				field.was_empty = !list->n;
				field.named =
					arena_calloc(arena, LIMIT_EVENTS + 1, sizeof *field.named);
			}
			take_failed(&field, address);
		}
	}
	if (field.named)
		keep_named(list, field.named);
}

/* ---- last resorts and clean-up ---- */

/* The returned message went to one address only, and the report names none: it was that one. */
static void name_by_returned(
	struct arena *arena, const struct notice *notice, struct str text, struct event_list *list)
{
	struct str address = correlate_recipient(arena, notice);
	struct event *event = first_unnamed(list);

	if (!address.n || list->n > 1 || (list->flaws & FLAW_BIT(FLAW_BAD_ADDRESS)))
		return;
	if (!event && !list->n) {
		event = event_list_add(arena, list);
		event->outcome = kind_is_delay(notice) ? OUTCOME_DELAYED : OUTCOME_FAILED;
		event->diagnostic = whole_diagnosis(arena, text);
	}
	if (event)
		name_event(event, address);
}

/* What a report gives for a recipient is kept as it is where it is no address. */
static void drop_unnamed(struct event_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++) {
		struct event *event = &list->items[i];

		if (!event->recipient.n)
			event->recipient = event->final_recipient;
		if (event->recipient.n)
			list->items[n++] = *event;
	}
	list->n = n;
}

static struct header_list returned_header(
	struct arena *arena, const struct notice *notice, struct str original)
{
	struct str rest = original, line;
	struct header_list list;
	size_t name;

	if (notice->returned.n || !original.n)
		return notice->returned;
	while (original = rest, str_next_line(&rest, &line))
		if (header_name(line, &name) && !str_starts(line, STR("-")))
			break;
	list = headers_parse(arena, &original);
	return list;
}

/* A gateway's own text beside a notice in HTML hides it. */
static void read_twin(const struct formats *formats, struct matcher_scratch *scratch,
	struct arena *arena, const struct notice *notice, struct format_reading *reading)
{
	struct notice twin = *notice;
	struct format_reading found;

	twin.text = notice_twin(arena, notice);
	if (!twin.text.n)
		return;
	format_read(formats, scratch, arena, &twin, FORMAT_GENERIC, &found);
	if (found.list.n)
		*reading = found;
}

static void read_words(const struct formats *formats, struct matcher_scratch *scratch,
	struct arena *arena, const struct notice *notice, bool readable,
	struct format_reading *reading)
{
	enum format_rank most = readable ? FORMAT_GENERIC : FORMAT_OWN;
	struct notice bare = *notice;

	if (readable && str_find(notice->text, STR("\n>")) != STR_NPOS)
		bare.text = layout_without_quotes(arena, notice->text);
	if (bare.text.n)
		format_read(formats, scratch, arena, &bare, most, reading);
	if (!reading->list.n && bare.text.p != notice->text.p)
		format_read(formats, scratch, arena, notice, most, reading);
	if (readable && !reading->list.n)
		read_twin(formats, scratch, arena, notice, reading);
}

/* Whom nothing else names: neither a family's sentence nor the returned message. */
static void read_lone(struct arena *arena, const struct notice *notice,
	const struct format_reading *reading, struct event_list *list)
{
	struct entry_source source = {
		.arena = arena, .rest = reading->notice, .from = notice->from_address, .list = list
	};

	lone_read(&source, notice);
	for (size_t i = 0; i < list->n; i++)
		if (kind_is_delay(notice) || reading->delay)
			list->items[i].outcome = OUTCOME_DELAYED;
		else if (reading->success)
			list->items[i].outcome = OUTCOME_DELIVERED;
}

void gather_bounce(const struct formats *formats, struct matcher_scratch *scratch,
	struct arena *arena, const struct notice *notice, bool certain,
	struct gathering *ret_gathering)
{
	struct gathering g = { .format = STR_EMPTY };
	struct format_reading reading = { .notice = notice->text };
	struct notice seen = *notice;
	enum notice_trust trust = certain ? NOTICE_FULL : kind_notice_trust(notice);
	bool readable = trust == NOTICE_FULL;
	struct dsn dsn;

	if (readable && notice->status_text.n &&
		dsn_parse(arena, notice->status_text, &dsn) == ERR_OK)
		take_report(arena, &dsn, &g);
	if (trust == NOTICE_CLAIMED)
		claim_read(formats, scratch, arena, notice, &reading);
	else if (trust != NOTICE_NONE && !(notice->returned.n && report_is_whole(&g.list)))
		read_words(formats, scratch, arena, notice, readable, &reading);
	else
		reading.notice = footer_cut(notice->text);
	g.returned = seen.returned = returned_header(arena, notice, reading.original);
	if (readable && !g.list.n && find_report(arena, notice, reading.notice, &dsn))
		take_report(arena, &dsn, &g);
	if (g.list.n) {
		note_shape(notice, &g.list);
		fill_from_words(&g.list, &reading.list);
		g.format = STR("rfc3464");
	} else {
		g.list = reading.list;
		g.format = reading.format;
	}
	if (readable && str_cmp(g.format, STR("rfc3464")))
		read_failed_fields(arena, notice, &reading, &g.list);
	if (kind_is_delay(notice) || reading.delay)
		for (size_t i = 0; i < g.list.n && !str_eq(g.format, STR("rfc3464")); i++)
			g.list.items[i].outcome = OUTCOME_DELAYED;
	g.remarks = reading.notice;
	fill_reply(arena, reading.notice, str_eq(g.format, STR("rfc3464")), &g.list);
	g.inner = reading.original;
	g.family = reading.format;
	if (certain || (readable && kind_by_words(notice) == KIND_BOUNCE))
		name_by_returned(arena, &seen, reading.notice, &g.list);
	if (readable && !g.list.n)
		read_lone(arena, notice, &reading, &g.list);
	drop_unnamed(&g.list);
	event_list_merge(arena, &g.list);
	*ret_gathering = g;
}
