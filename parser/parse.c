#include "parser/parse.h"

#include "core/buf.h"
#include "core/embedded.h"
#include "core/limits.h"
#include "core/status_code.h"
#include "core/utf8.h"
#include "parser/mail/address.h"
#include "parser/notice/arf.h"
#include "parser/notice/correlate.h"
#include "parser/notice/gather.h"
#include "parser/notice/kind.h"
#include "parser/notice/pec.h"
#include "parser/notice/ses_json.h"
#include "parser/reason/classify.h"
#include "parser/text/diagnostic.h"
#include "parser/text/unfold.h"

#include <pthread.h>
#include <stdlib.h>

extern const struct embedded_file rules_embedded[], cases_embedded[];

struct parse_rules {
	struct rules *rules;
	struct formats *formats;
	struct likeness *likeness; /* NULL: nothing was learnt */
};
struct parser {
	const struct parse_rules *rules;
	struct mime_parser *mime;
	struct matcher_scratch *scratch;
	struct arena *work; /* of one verdict */
	struct buf account;
	bool wants_account;
	struct features *features; /* NULL: not asked */
};

/* ---- rules ---- */

enum err parse_rules_load(struct arena *arena, const struct parse_source *sources, size_t n_sources,
	struct parse_rules **ret_rules, struct str *ret_trouble)
{
	struct rules *rules;
	struct parse_rules *both;
	enum err err = rules_load(arena, sources, n_sources, &rules, ret_trouble);

	if (err)
		return err;
	both = calloc(1, sizeof *both);
	if (!both)
		abort();
	both->rules = rules;
	both->formats = formats_new();
	both->likeness = likeness_new(likeness_builtin());
	if (!both->likeness && likeness_builtin().n) {
		parse_rules_free(both);
		*ret_trouble =
			STR("the weights that the build learnt (likeness.weights) are damaged");
		return ERR_CORRUPT;
	}
	*ret_rules = both;
	return ERR_OK;
}

enum { BUILTIN_FILES = 64 };

struct builtin {
	struct parse_source sources[BUILTIN_FILES];
	size_t n;
};
/* Written once, whichever thread comes first, and only read from then on. */
static struct builtin builtin_rules, builtin_cases;

static void embedded_sources(const struct embedded_file *files, struct builtin *builtin)
{
	for (; builtin->n < BUILTIN_FILES && files[builtin->n].name; builtin->n++)
		builtin->sources[builtin->n] = (struct parse_source){ str_c(files[builtin->n].name),
			str_from(files[builtin->n].bytes, files[builtin->n].n), true };
}

static void builtin_make(void)
{
	embedded_sources(rules_embedded, &builtin_rules);
	embedded_sources(cases_embedded, &builtin_cases);
}

static size_t builtin_sources(
	const struct builtin *builtin, const struct parse_source **ret_sources)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, builtin_make);
	*ret_sources = builtin->sources;
	return builtin->n;
}

size_t parse_builtin_sources(const struct parse_source **ret_sources)
{
	return builtin_sources(&builtin_rules, ret_sources);
}

size_t parse_builtin_cases(const struct parse_source **ret_sources)
{
	return builtin_sources(&builtin_cases, ret_sources);
}

const struct rules *parse_rules_set(const struct parse_rules *rules)
{
	return rules->rules;
}

void parse_rules_weigh(struct parse_rules *rules, struct str weights)
{
	likeness_free(rules->likeness);
	rules->likeness = likeness_new(weights);
}

void parse_rules_free(struct parse_rules *rules)
{
	if (!rules)
		return;
	rules_free(rules->rules);
	formats_free(rules->formats);
	likeness_free(rules->likeness);
	free(rules);
}

void parse_rules_freep(struct parse_rules **rules)
{
	parse_rules_free(*rules);
}

/* ---- parser ---- */

struct parser *parser_new(const struct parse_rules *rules)
{
	const struct matcher *matchers[1 + FORMAT_SETS] = { rules_matcher(rules->rules) };
	struct parser *parser = calloc(1, sizeof *parser);

	if (!parser)
		abort();
	for (int i = 0; i < FORMAT_SETS; i++)
		matchers[1 + i] = formats_matcher(rules->formats, (enum format_set)i);
	parser->rules = rules;
	parser->work = arena_new();
	buf_init(&parser->account, LIMIT_ACCOUNT_BYTES);
	parser->mime = mime_parser_new();
	parser->scratch = matcher_scratch_new(matchers, ARRAY_LEN(matchers));
	return parser;
}

void parser_free(struct parser *parser)
{
	if (!parser)
		return;
	mime_parser_free(parser->mime);
	matcher_scratch_free(parser->scratch);
	arena_free(parser->work);
	buf_release(&parser->account);
	free(parser);
}

void parser_ask_account(struct parser *parser, bool on)
{
	parser->wants_account = on;
}

void parser_ask_features(struct parser *parser, struct features *features)
{
	parser->features = features;
}

void parser_freep(struct parser **parser)
{
	parser_free(*parser);
}

/* ---- what the words of one event say ---- */

/* The nearer of two literal codes: one with a detail before X.n.0, the refusal's own before the field. */
static struct str best_status(struct str told, struct str field)
{
	struct status_code code, other;

	if (!status_code_parse(told, &code))
		return field;
	if (!status_code_parse(field, &other) || code.detail || code.subject)
		return told;
	return other.detail || other.subject ? field : told;
}

static void read_words(struct arena *arena, struct event *event)
{
	struct diagnostic d;

	diagnostic_read(event->diagnostic, &d);
	event->status = best_status(d.status, event->status_field);
	if (!event->reply_code)
		event->reply_code = d.reply_code;
	if (!event->command.n)
		event->command = d.command;
	if (!event->remote_mta.n)
		event->remote_mta = arena_lower(arena, d.host);
}

static void finish_event(struct parser *parser, struct arena *arena,
	const struct classify_context *context, struct event *event)
{
	const struct classifier classifier = { .rules = parser->rules->rules,
		.likeness = parser->rules->likeness,
		.scratch = parser->scratch,
		.work = parser->work,
		.explanation = parser->wants_account ? &parser->account : NULL,
		.features = parser->features };

	event->domain = address_domain(arena, event->recipient);
	if (event->outcome == OUTCOME_FAILED || event->outcome == OUTCOME_DELAYED)
		read_words(arena, event);
	else
		event->status = event->status_field;
	buf_reset(&parser->account);
	classify_event(&classifier, arena, context, event);
	arena_reset(parser->work);
	event->account = arena_dup(arena, buf_str(&parser->account));
}

/* A reply about somebody else is no ground for what happened to this one; it is kept as what was said. */
static void finish_copied(struct parser *parser, struct arena *arena, struct event *event)
{
	const struct event told = *event;

	event->diagnostic = event->status_field = STR_EMPTY;
	event->reply_code = 0;
	finish_event(parser, arena, &(struct classify_context){ 0 }, event);
	event->diagnostic = told.diagnostic;
	event->status_field = told.status_field;
	event->reply_code = told.reply_code;
	read_words(arena, event);
}

/* ---- the message ---- */

static void take_events(struct parser *parser, struct arena *arena,
	const struct classify_context *context, struct event_list *list, struct report *report)
{
	for (size_t i = 0; i < list->n; i++)
		if (event_list_copied(list, i))
			finish_copied(parser, arena, &list->items[i]);
		else
			finish_event(parser, arena, context, &list->items[i]);
	event_list_soften(list);
	report->events = list->items;
	report->n_events = list->n;
	report->flaws |= list->flaws;
}

/* Without a refusal of a server, what was tried for hours may be there tomorrow. */
static void soften_retried(struct event_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].class == CLASS_HARD && !list->items[i].reply_code)
			list->items[i].class = CLASS_SOFT;
}

static void read_bounce(struct parser *parser, struct arena *arena, struct notice *notice,
	struct str *ret_inner, struct report *report)
{
	struct gathering g;
	bool certain = report->kind == KIND_BOUNCE;

	gather_bounce(parser->rules->formats, parser->scratch, arena, notice, certain, &g);
	notice->returned = g.returned;
	*ret_inner = g.inner;
	take_events(parser, arena,
		&(struct classify_context){
			.remarks = g.remarks, .format = g.family, .shared = g.list.n > 1 },
		&g.list, report);
	if (g.retried)
		soften_retried(&g.list);
	report->format = g.format;
	report->original.envelope_id = g.envelope_id;
	if (g.list.n)
		report->kind = KIND_BOUNCE;
	else if (!certain)
		report->kind = kind_by_words(notice);
}

static void read_complaint(struct parser *parser, struct arena *arena, const struct notice *notice,
	struct report *report)
{
	struct event_list list = { 0 };
	struct str type;

	arf_events(arena, notice, &list, &type);
	event_list_merge(arena, &list); /* a recipient named twice complained once */
	take_events(parser, arena, &(struct classify_context){ 0 }, &list, report);
	report->format = notice->has_feedback ? STR("arf") : STR("jmrp");
}

static bool read_ses(struct parser *parser, struct arena *arena, const struct notice *notice,
	struct report *report)
{
	struct event_list list = { 0 };

	if (!ses_json_events(arena, notice->text, &list))
		return false;
	take_events(parser, arena, &(struct classify_context){ 0 }, &list, report);
	report->kind =
		list.n && list.items[0].outcome == OUTCOME_COMPLAINT ? KIND_COMPLAINT : KIND_BOUNCE;
	report->format = STR("ses_json");
	return true;
}

static bool read_pec(struct parser *parser, struct arena *arena, const struct notice *notice,
	struct report *report)
{
	struct event_list list = { 0 };

	if (!pec_events(arena, notice, &list))
		return false;
	take_events(parser, arena, &(struct classify_context){ 0 }, &list, report);
	report->kind = KIND_BOUNCE;
	report->format = STR("pec");
	return true;
}

static void read_message(struct parser *parser, struct arena *arena,
	const struct envelope *envelope, struct str message, struct str *ret_inner,
	struct report *ret_report)
{
	struct mime_tree tree;
	struct notice notice;
	struct report report;
	struct str envelope_id, text_inner = STR_EMPTY;

	report_init(&report);
	mime_tree_read(parser->mime, arena, message, &tree);
	notice_read(arena, &tree, envelope, &notice);
	report.kind = kind_by_shape(&notice);
	if (report.kind == KIND_COMPLAINT)
		read_complaint(parser, arena, &notice, &report);
	else if ((report.kind == KIND_BOUNCE || report.kind == KIND_UNKNOWN) &&
		 !read_pec(parser, arena, &notice, &report) &&
		 !read_ses(parser, arena, &notice, &report))
		read_bounce(parser, arena, &notice, &text_inner, &report);
	envelope_id = report.original.envelope_id;
	report.original = correlate_original(arena, &notice);
	/* The ENVID that a bounce itself came with is its last sender's: a word of last resort. */
	report.original.envelope_id = !envelope_id.n && envelope
					      ? utf8_head(utf8_clean(arena, envelope->envelope_id),
							LIMIT_FIELD_TEXT_BYTES)
					      : envelope_id;
	report.token = correlate_token(arena, &notice);
	report.flaws |= tree.flaws;
	*ret_inner = tree.returned_raw.n ? tree.returned_raw : text_inner;
	*ret_report = report;
}

/* A gateway may wrap a bounce into a notice of its own that names nobody. What is wrapped is then no
 * mail of ours that came back but the bounce itself. */
static void unwrap(struct parser *parser, struct arena *arena, const struct envelope *envelope,
	struct str inner, struct report *report)
{
	struct report wrapped;
	struct str none;

	if ((report->kind != KIND_BOUNCE && report->kind != KIND_UNKNOWN) || report->n_events ||
		!inner.n)
		return;
	read_message(parser, arena, envelope, inner, &none, &wrapped);
	if (wrapped.kind == KIND_BOUNCE && wrapped.n_events)
		*report = wrapped;
}

void parse_message(struct parser *parser, struct arena *arena, const struct envelope *envelope,
	struct str message, struct report *ret_report)
{
	struct str inner;

	read_message(parser, arena, envelope, message, &inner, ret_report);
	unwrap(parser, arena, envelope, inner, ret_report);
}

/* "250 2.0.0 Ok", "354 go ahead": RFC 5321 4.2.1. */
static bool is_no_refusal(struct str reply, struct event *event)
{
	uint64_t code;

	if ((reply.n > 3 && reply.p[3] != ' ' && reply.p[3] != '-') ||
		!str_to_u64(str_head(reply, 3), 399, &code) || code < 200)
		return false;
	event->reply_code = (unsigned)code;
	event->outcome = code < 300 ? OUTCOME_DELIVERED : OUTCOME_DELAYED;
	return true;
}

void parse_reply(struct parser *parser, struct arena *arena, struct str reply,
	struct str remote_mta, struct event *ret_event)
{
	struct event event;

	event_init(&event);
	event.outcome = OUTCOME_FAILED;
	event.diagnostic_type = STR("smtp");
	event.diagnostic = utf8_head(
		text_squeeze(arena, utf8_clean(arena, str_head(reply, LIMIT_DIAGNOSTIC_BYTES))),
		LIMIT_DIAGNOSTIC_BYTES);
	event.remote_mta = arena_lower(arena, utf8_clean(arena, remote_mta));
	if (!is_no_refusal(event.diagnostic, &event))
		finish_event(parser, arena, &(struct classify_context){ 0 }, &event);
	*ret_event = event;
}
