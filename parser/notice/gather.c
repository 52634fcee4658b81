#include "parser/notice/gather.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "parser/mail/address.h"
#include "parser/mail/layout.h"
#include "parser/notice/claim.h"
#include "parser/notice/correlate.h"
#include "parser/notice/delivery.h"
#include "parser/notice/failed_field.h"
#include "parser/notice/footer.h"
#include "parser/notice/kind.h"
#include "parser/notice/lone.h"
#include "parser/text/diagnostic.h"
#include "parser/text/said_reply.h"
#include "parser/text/sieve.h"
#include "parser/text/unfold.h"

#include <string.h>

/* Groups of one alias stand together. */
enum { NEAR_GROUPS = 64, SPAN_BYTES = 16 };

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

/* Does another group of the report name the same final recipient? */
static bool is_repeated(const struct event_list *report, size_t i)
{
	struct event *event = &report->items[i];
	struct event *first = event_list_find(report, event->final_recipient);

	if (first && first != event)
		return true;
	for (size_t k = i + 1; k < report->n && k < i + NEAR_GROUPS; k++)
		if (str_ieq(report->items[k].final_recipient, event->final_recipient))
			return true;
	return false;
}

static bool any_repeated(const struct event_list *report)
{
	for (size_t i = 0; i < report->n; i++)
		if (is_repeated(report, i))
			return true;
	return false;
}

/* A report that names itself and each recipient, and says with a code why: what the notice says in words
 * beside it adds nothing. One without a reporting MTA is made by a program that only its words tell. */
static bool report_is_whole(const struct event_list *report)
{
	if (report->flaws & FLAW_BIT(FLAW_NO_REPORTING_MTA))
		return false;
	for (size_t i = 0; i < report->n; i++) {
		struct diagnostic told;

		if (!report->items[i].recipient.n || is_repeated(report, i))
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

/* The member of an alias that a group is about: the words list each beside the alias that it was made of,
 * and the reply names him. */
static struct str member_of(const struct event_list *words, const struct event *event)
{
	struct str inner;

	for (size_t i = 0; i < words->n; i++) {
		const struct event *word = &words->items[i];

		if (str_ieq(word->recipient, event->final_recipient) &&
			!str_ieq(word->final_recipient, word->recipient) &&
			((word->diagnostic.n && event->diagnostic.n &&
				 str_find(word->diagnostic, event->diagnostic) != STR_NPOS) ||
				str_ifind(event->diagnostic, word->final_recipient) != STR_NPOS))
			return word->final_recipient;
	}
	inner = str_skip(event->diagnostic, str_cspan(event->diagnostic, "<") + 1);
	inner = str_head(inner, str_cspan(inner, ">"));
	return address_valid(inner) ? inner : STR_EMPTY;
}

/* Exim names the alias as the final recipient in the group of each of its members. */
static void tell_members(
	struct arena *arena, struct event_list *report, const struct event_list *words)
{
	bool *repeated = arena_calloc(arena, report->n + 1, sizeof *repeated);
	struct str member;

	for (size_t i = 0; i < report->n; i++)
		repeated[i] = is_repeated(report, i);
	for (size_t i = 0; i < report->n; i++) {
		if (!repeated[i])
			continue;
		member = member_of(words, &report->items[i]);
		if (member.n)
			report->items[i].final_recipient = address_normal(arena, member);
	}
}

/* A report without a diagnosis takes that of the notice; one without an address takes that too. */
static void fill_from_words(
	struct arena *arena, struct event_list *report, const struct event_list *words)
{
	tell_members(arena, report, words);
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
		event->command = said_step(text);
	if (told.reply_code)
		return;
	reply = said_reply(text);
	if (!reply.n)
		return;
	diagnostic_read(reply, &found);
	/* A sentence for the sender may give the code of the reply that is quoted below. */
	if (told.status.n && !report && !(found.reply_code && str_eq(found.status, told.status)))
		return;
	event->reply_code = found.reply_code;
	if (!report || !event->diagnostic.n)
		event->diagnostic = utf8_head(text_squeeze(arena, reply), LIMIT_DIAGNOSTIC_BYTES);
}

/* ---- last resorts and clean-up ---- */

/* The returned message went to one address only, and the report names none: it was that one. */
static void name_by_returned(
	struct arena *arena, const struct notice *notice, struct str text, struct event_list *list)
{
	struct str address = correlate_recipient(arena, notice);
	struct event *event = event_list_unnamed(list);

	if (!address.n || list->n > 1 || (list->flaws & FLAW_BIT(FLAW_BAD_ADDRESS)))
		return;
	if (!event && !list->n) {
		event = event_list_add(arena, list);
		event->outcome = kind_is_delay(notice) ? OUTCOME_DELAYED : OUTCOME_FAILED;
		event->diagnostic = format_whole(arena, text);
	}
	if (event)
		event_name(event, address);
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

/* No family's words, nothing returned, and the reader named as who could not be reached: "your mailbox has 6 pending messages". */
static bool imitates(const struct notice *notice, const struct format_reading *reading,
	const struct event_list *list)
{
	bool own = reading->format.n && !str_eq(reading->format, STR("generic"));

	return !own && !reading->original.n && !notice->returned.n &&
	       claim_names_reader(notice, list);
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
	if (imitates(notice, reading, &reading->list))
		reading->list.n = 0;
}

/* Whom nothing else names: neither a family's sentence nor the returned message. */
static void read_lone(struct arena *arena, const struct notice *notice,
	const struct format_reading *reading, struct event_list *list)
{
	struct entry_source source = {
		.arena = arena, .rest = reading->notice, .from = notice->from_address, .list = list
	};

	lone_read(&source, notice);
	if (imitates(notice, reading, list))
		list->n = 0;
	for (size_t i = 0; i < list->n; i++)
		if (kind_is_delay(notice) || reading->delay)
			list->items[i].outcome = OUTCOME_DELAYED;
		else if (reading->success)
			list->items[i].outcome = OUTCOME_DELIVERED;
}

/* "was aborted after 5.0 hour(s)": what was tried so long was not refused for good. */
static bool says_retried(struct str text)
{
	static const struct str leads[] = { STR_INIT("aborted after"), STR_INIT("given up after"),
		STR_INIT("giving up after"), STR_INIT("gave up after"), STR_INIT("tried for"),
		STR_INIT("be delivered for"), STR_INIT("in the queue for"),
		STR_INIT("failed after") };
	static const struct str units[] = { STR_INIT("hour"), STR_INIT("day") };

	const struct sieve sieve = sieve_of(text);

	for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
		size_t at = sieve_passes(&sieve, leads[i]) ? str_ifind(text, leads[i]) : STR_NPOS;

		if (at != STR_NPOS &&
			sieve_any(str_head(str_skip(text, at + leads[i].n), SPAN_BYTES), units,
				ARRAY_LEN(units)))
			return true;
	}
	return false;
}

static void keep_words(const struct format_reading *reading, struct gathering *g)
{
	g->remarks = reading->notice;
	g->retried = says_retried(reading->notice);
	g->inner = reading->original;
	g->family = reading->format;
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
		if (any_repeated(&g.list))
			failed_fields_read(arena, notice, &reading, &reading.list);
		fill_from_words(arena, &g.list, &reading.list);
		g.format = STR("rfc3464");
	} else {
		g.list = reading.list;
		g.format = reading.format;
	}
	if (readable && str_cmp(g.format, STR("rfc3464")))
		failed_fields_read(arena, notice, &reading, &g.list);
	if (kind_is_delay(notice) || reading.delay)
		for (size_t i = 0; i < g.list.n && !str_eq(g.format, STR("rfc3464")); i++)
			g.list.items[i].outcome = OUTCOME_DELAYED;
	keep_words(&reading, &g);
	fill_reply(arena, reading.notice, str_eq(g.format, STR("rfc3464")), &g.list);
	if (certain || (readable && kind_by_words(notice) == KIND_BOUNCE))
		name_by_returned(arena, &seen, reading.notice, &g.list);
	if (readable && !g.list.n) {
		read_lone(arena, notice, &reading, &g.list);
		fill_reply(arena, reading.notice, false, &g.list);
	}
	drop_unnamed(&g.list);
	event_list_merge(arena, &g.list);
	*ret_gathering = g;
}
