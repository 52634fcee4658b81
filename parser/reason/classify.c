#include "parser/reason/classify.h"

#include "core/limits.h"
#include "core/status_code.h"
#include "core/utf8.h"
#include "parser/reason/mask.h"
#include "parser/text/unfold.h"

/* How far a verdict that stands on less than the refusal's own words is to be believed. */
#define CONFIDENCE_OF_REMARKS 0.8 /* times the rule's own */
#define CONFIDENCE_OF_STATUS  0.7
#define CONFIDENCE_OF_SUBJECT 0.4 /* an unregistered code, or X.n.0 */

/* "mx.shop.example" or "shop.example" for a recipient at shop.example: such a host knows its users. */
static bool is_own_host(const struct event *event)
{
	struct str host = event->remote_mta.n ? event->remote_mta : event->reporting_mta;

	return event->domain.n && str_iends(host, event->domain) &&
	       (host.n == event->domain.n || host.p[host.n - event->domain.n - 1] == '.');
}

/* A reply code has three digits. */
static struct str code_text(struct arena *arena, unsigned code)
{
	char *digits = arena_alloc(arena, 3);

	digits[0] = (char)('0' + code / 100 % 10);
	digits[1] = (char)('0' + code / 10 % 10);
	digits[2] = (char)('0' + code % 10);
	return str_from(digits, 3);
}

static struct rule_facts facts_of(struct arena *arena, struct str format, const struct event *event)
{
	struct rule_facts facts = { .reporting_mta = event->reporting_mta };

	facts.fact[RULE_FORMAT] = format;

	facts.fact[RULE_MTA] = event->remote_mta;
	facts.fact[RULE_DOMAIN] = event->domain;
	facts.fact[RULE_STATUS] = event->status;
	if (event->reply_code)
		facts.fact[RULE_CODE] = code_text(arena, event->reply_code);
	facts.fact[RULE_COMMAND] = event->command;
	facts.fact[RULE_HOST] = is_own_host(event) ? STR("own") : STR_EMPTY;
	return facts;
}

/* A temporary code says that the server itself does not hold the refusal for final, whatever its words
 * are; of a mail that is still being tried nothing is known to be final at all. */
static enum reason_class class_of(const struct event *event)
{
	enum reason_class class = reason_class(event->reason);
	bool temporary = str_starts(event->status, STR("4.")) ||
			 (!event->status.n && event->reply_code / 100 == 4);

	if (class == CLASS_HARD && (temporary || event->outcome == OUTCOME_DELAYED))
		return CLASS_SOFT;
	return class;
}

static void take_rule(struct event *event, const struct rule_hit *hit, double share)
{
	event->reason = hit->rule->reason;
	event->rule = (struct rule_ref){ .id = hit->rule->id, .layer = hit->rule->layer };
	event->confidence = hit->rule->confidence * share;
	event->class = class_of(event);
}

static bool by_text(const struct classifier *c, struct arena *arena, const struct rule_facts *facts,
	struct event *event)
{
	struct rule_hit hit =
		rules_first(c->rules, c->scratch, facts, mask_names(arena, event->diagnostic));

	if (!hit.rule)
		return false;
	take_rule(event, &hit, 1);
	event->rule.span_from = hit.from;
	event->rule.span_to = hit.to;
	return true;
}

static bool by_remarks(const struct classifier *c, struct arena *arena,
	const struct rule_facts *facts, struct str remarks, struct event *event)
{
	struct str text = text_squeeze(arena, utf8_head(remarks, LIMIT_DIAGNOSTIC_BYTES * 4));
	struct rule_hit hit = rules_first(c->rules, c->scratch, facts,
		mask_names(arena, utf8_head(text, LIMIT_DIAGNOSTIC_BYTES * 2)));

	if (!hit.rule)
		return false;
	take_rule(event, &hit, CONFIDENCE_OF_REMARKS);
	return true;
}

static bool by_status(struct arena *arena, struct event *event, double least)
{
	struct status_code code;
	enum reason reason;
	double confidence;

	if (!status_code_parse(event->status, &code))
		return false;
	reason = status_code_reason(code);
	confidence = code.detail && status_code_registered(code) ? CONFIDENCE_OF_STATUS
								 : CONFIDENCE_OF_SUBJECT;
	if (reason == REASON_NONE || reason == REASON_UNKNOWN_UNCLASSIFIED || confidence < least)
		return false;
	event->reason = reason;
	event->rule =
		(struct rule_ref){ .id = arena_printf(arena, "status.%.*s", STR_ARG(event->status)),
			.layer = LAYER_STATUS };
	event->confidence = confidence;
	event->class = class_of(event);
	return true;
}

void classify_event(const struct classifier *classifier, struct arena *arena,
	const struct classify_context *context, struct event *event)
{
	struct rule_facts facts = facts_of(arena, context->format, event);

	if (event->outcome != OUTCOME_FAILED && event->outcome != OUTCOME_DELAYED)
		return;
	if (by_text(classifier, arena, &facts, event) ||
		by_status(arena, event, CONFIDENCE_OF_STATUS) ||
		by_remarks(classifier, arena, &facts, context->remarks, event) ||
		by_status(arena, event, 0))
		return;
	event->reason = REASON_UNKNOWN_UNCLASSIFIED;
	event->rule = (struct rule_ref){ .id = STR("none"), .layer = LAYER_NONE };
	event->class = class_of(event);
}
