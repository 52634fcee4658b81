#include "parser/reason/classify.h"

#include "core/limits.h"
#include "core/status_code.h"
#include "core/utf8.h"
#include "parser/reason/account.h"
#include "parser/reason/evidence.h"
#include "parser/reason/mask.h"
#include "parser/reason/meaning.h"
#include "parser/reason/quoted.h"
#include "parser/text/unfold.h"

/* What is left of a verdict on words that are not the refusal's own. */
#define SHARE_OF_WRAPPING 0.85 /* of the words around a quoted reply */
#define SHARE_OF_REMARKS  0.8  /* of what the notice says to a person */
/* From here on no other words are asked. */
#define ENOUGH 0.55

enum { MEANINGS_HEARD = 3 }; /* of one text: a second may be the one that doubt leaves */

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

/* Nothing was said of a recipient yet. */
static bool is_greeting(struct str command)
{
	return str_eq(command, STR("EHLO")) || str_eq(command, STR("HELO")) ||
	       str_eq(command, STR("CONN"));
}

struct judging {
	const struct classifier *c;
	struct arena *arena; /* for what the verdict holds; all else goes to c->work */
	const struct rule_facts *facts;
	const struct event *event;
	struct str sender;
	struct evidence_list list;
	struct evidence_likeness likeness; /* of the reply itself */
	size_t likely_from, likely_to;     /* the word that makes it so */
	bool shared;                       /* the remarks may be about another recipient */
	bool soon;                         /* words of time: it may be otherwise tomorrow */
};

/* Whoever has a reply of his own is not given up for words that may be another's. */
static bool may_be_of_another(const struct judging *j, double share, enum reason reason)
{
	return share == SHARE_OF_REMARKS && j->shared && j->event->diagnostic.n &&
	       reason_class(reason) == CLASS_HARD;
}

/* ---- exact sentences ---- */

static bool is_letter(char c)
{
	return ascii_alpha(c) || (unsigned char)c >= 0x80;
}

static size_t skip_link(struct str text, size_t at)
{
	return str_istarts(str_skip(text, at), STR("http"))
		       ? at + str_cspan(str_skip(text, at), " >\")")
		       : at;
}

/* Words of two letters and more; links, and blanked names, which are of `x` alone, are none. */
static size_t count_words(struct str text)
{
	size_t words = 0, i = 0;

	while (i < text.n) {
		size_t from = i = skip_link(text, i);
		bool blank = true;

		for (; i < text.n && is_letter(text.p[i]); i++)
			blank = blank && text.p[i] == 'x';
		words += i - from >= 2 && !blank;
		i += i == from;
	}
	return words;
}

static bool is_scoped(const struct rule *rule)
{
	for (size_t i = 0; i < RULE_CONDITION_COUNT; i++)
		if (rule->scope->words[i].n)
			return true;
	return false;
}

static enum sentence_kind kind_of(const struct rule *rule)
{
	if (rule->own)
		return SENTENCE_OWN;
	if (rule->layer == LAYER_PROVIDER)
		return SENTENCE_OF_PROVIDER;
	if (str_starts(rule->id, STR("text.guard.")))
		return SENTENCE_GUARD;
	return is_scoped(rule) ? SENTENCE_SCOPED : SENTENCE_PLAIN;
}

/* How much of the words the sentence is; remarks are long, and of them it need not be much. */
static double part_of(struct str masked, const struct rule_hit *hit, double share)
{
	size_t all = share == SHARE_OF_REMARKS ? 0 : count_words(masked);

	return all ? (double)count_words(str_slice(masked, hit->from, hit->to)) / (double)all : 1;
}

static void hear_sentence(struct judging *j, struct str text, size_t offset, double share)
{
	struct str masked = mask_names(j->c->work, text);
	struct rule_hit hit = rules_first(j->c->rules, j->c->scratch, j->facts, masked);
	struct evidence one;

	if (!hit.rule || may_be_of_another(j, share, hit.rule->reason))
		return;
	one = evidence_of_sentence(
		kind_of(hit.rule), hit.rule->confidence, part_of(masked, &hit, share));
	one.layer = hit.rule->layer;
	one.reason = hit.rule->reason;
	one.id = hit.rule->id;
	one.confidence *= share;
	one.strength *= share;
	if (hit.to && share != SHARE_OF_REMARKS) {
		one.from = hit.from + offset;
		one.to = hit.to + offset;
	}
	evidence_add(&j->list, one);
}

/* ---- meaning ---- */

static struct meaning_context meaning_context_of(const struct judging *j)
{
	const struct str *fact = j->facts->fact;
	struct meaning_context context = { .recipient = j->event->recipient,
		.sender = j->sender,
		.codes = { fact[RULE_STATUS], fact[RULE_CODE], fact[RULE_COMMAND] } };
	struct status_code code;

	if (is_greeting(j->event->command))
		context.said_of = SAID_OF_GREETING;
	else if (status_code_parse(j->event->status, &code) && code.subject == 1 &&
		 (code.detail == 7 || code.detail == 8))
		context.said_of = SAID_OF_SENDER;
	return context;
}

/* The diagnosis that a notice gives of a recipient needs not name him again; "unknown" alone may be said of the ground. */
static bool is_about_recipient(const struct judging *j)
{
	return j->event->recipient.n > 0 && count_words(j->event->diagnostic) != 1;
}

static const struct meaning *hear_meaning(
	struct judging *j, struct str text, size_t offset, double share)
{
	struct meaning *m = arena_alloc(j->c->work, sizeof *m);
	const struct meaning_context context = meaning_context_of(j);

	meaning_read(rules_lexicon(j->c->rules), j->c->work, &context, text, m);
	account_of_meaning(j->c->explanation, text, m);
	j->soon |= m->marks.soon;
	for (size_t i = 0; i < m->n && i < MEANINGS_HEARD; i++) {
		const struct meaning_candidate *candidate = &m->candidates[i];
		struct evidence one = { .layer = LAYER_MEANING,
			.reason = candidate->frame->reason,
			.id = candidate->frame->id,
			.strength = candidate->strength * share,
			.confidence = candidate->strength * share,
			.own = candidate->frame->own,
			.never_hard = !candidate->thing && candidate->strength < EVIDENCE_PLAIN &&
				      !is_about_recipient(j) };

		if (share == SHARE_OF_REMARKS && candidate->strength < EVIDENCE_PLAIN)
			continue;
		if (may_be_of_another(j, share, one.reason))
			continue;
		if (share != SHARE_OF_REMARKS) {
			one.from = candidate->from + offset;
			one.to = candidate->to + offset;
		}
		evidence_add(&j->list, one);
	}
	return m;
}

/* ---- likeness ---- */

static void find_words(struct judging *j, const struct features *features, const struct meaning *m,
	const struct likeness_scores *scores, size_t offset)
{
	struct feature_span spans[LIKENESS_WORDS];
	size_t n = likeness_words(j->c->likeness, features, scores->first, scores->second, spans);

	if (n) {
		j->likely_from = fold_source(&m->marks.folding, spans[0].from) + offset;
		j->likely_to = fold_source(&m->marks.folding, spans[0].to) + offset;
	}
	account_of_likeness(j->c->explanation, m, scores, spans, n);
}

/* Do codes among the words show that they are a server's? A status may come from a field beside a sentence for a person. */
static bool shows_code(const struct event *event)
{
	return event->reply_code ||
	       (event->status.n && str_find(event->diagnostic, event->status) != STR_NPOS);
}

/* Of the reply itself; a text without a word is like nothing. */
static void hear_likeness(struct judging *j, const struct meaning *m, size_t offset)
{
	struct features *features = j->c->features;
	struct likeness_scores scores;

	if (!features && evidence_is_beyond_doubt(evidence_settle(&j->list)))
		return;
	if (!features)
		features = arena_alloc(j->c->work, sizeof *features);
	likeness_announce(j->c->likeness, features);
	features_of_meaning(m, meaning_context_of(j).codes, features);
	if (!j->c->likeness || !features->n_spans)
		return;
	likeness_score(j->c->likeness, features, &scores);
	if (!evidence_likeness_counts(scores.of[scores.first], shows_code(j->event)))
		return;
	j->likeness = (struct evidence_likeness){ .reason = scores.first,
		.score = scores.of[scores.first],
		.lead = scores.of[scores.first] - scores.of[scores.second],
		.hard = scores.hard,
		.unread = !m->n };
	find_words(j, features, m, &scores, offset);
}

/* ---- words and codes ---- */

static double best_strength(const struct judging *j)
{
	const struct evidence *best = evidence_settle_by_likeness(&j->list, &j->likeness);

	return best ? best->strength : 0;
}

static const struct meaning *hear_text(
	struct judging *j, struct str text, size_t offset, double share)
{
	hear_sentence(j, text, offset, share);
	return hear_meaning(j, text, offset, share);
}

/* What nothing else says. */
static void hear_likeness_alone(struct judging *j)
{
	struct evidence one;

	for (size_t i = 0; i < j->list.n; i++)
		if (j->list.items[i].reason == j->likeness.reason)
			return;
	if (!evidence_of_likeness(&j->likeness, &one))
		return;
	one.id = arena_join(j->arena, STR("likeness."), reason_name(one.reason));
	one.from = j->likely_from;
	one.to = j->likely_to;
	evidence_add(&j->list, one);
}

static void hear_remarks(struct judging *j, struct str remarks)
{
	struct str text = text_squeeze(j->c->work, utf8_head(remarks, LIMIT_DIAGNOSTIC_BYTES * 4));

	hear_text(j, utf8_head(text, LIMIT_DIAGNOSTIC_BYTES * 2), 0, SHARE_OF_REMARKS);
}

/* "5.5.4" where the reply was 554: a server that makes the one of the other's digits has told nothing. */
static bool repeats_code(const struct event *event)
{
	struct str s = event->status;

	if (!event->reply_code || s.n != 5)
		return false;
	return s.p[0] == (char)('0' + event->reply_code / 100) &&
	       s.p[2] == (char)('0' + event->reply_code / 10 % 10) &&
	       s.p[4] == (char)('0' + event->reply_code % 10) &&
	       str_find(event->diagnostic, s) == STR_NPOS;
}

static void hear_codes(struct judging *j)
{
	const struct event *event = j->event;
	struct evidence one;

	if (!repeats_code(event) && evidence_of_status(event->status, &one)) {
		one.id = arena_join(j->arena, STR("status."), event->status);
		evidence_add(&j->list, one);
	}
	if (evidence_of_code(event->reply_code, event->command, &one)) {
		one.id = arena_join(
			j->arena, STR("code."), code_text(j->c->work, event->reply_code));
		evidence_add(&j->list, one);
	}
}

static void hear_all(struct judging *j, struct str remarks)
{
	struct str diagnostic = j->event->diagnostic, quoted = quoted_reply(diagnostic);
	size_t offset = (size_t)(quoted.p - diagnostic.p);

	hear_likeness(j, hear_text(j, quoted, offset, 1), offset);
	if (quoted.n < diagnostic.n && best_strength(j) < ENOUGH)
		hear_text(j, diagnostic, 0, SHARE_OF_WRAPPING);
	hear_codes(j);
	hear_likeness_alone(j);
	if (remarks.n && best_strength(j) < ENOUGH)
		hear_remarks(j, remarks);
}

/* ---- the verdict ---- */

/* A temporary code says that the server itself does not hold the refusal for final, whatever its words
 * are; of a mail that is still being tried nothing is known to be final at all. */
static bool is_temporary(const struct event *event)
{
	return event->outcome == OUTCOME_DELAYED || str_starts(event->status, STR("4.")) ||
	       (!event->status.n && event->reply_code / 100 == 4);
}

static enum reason_class class_of(const struct judging *j, const struct evidence *best)
{
	enum reason_class class = reason_class(best->reason);

	if (class != CLASS_HARD)
		return class;
	return is_temporary(j->event) || !evidence_stops(best, &j->likeness) || j->soon ||
			       is_greeting(j->event->command)
		       ? CLASS_SOFT
		       : CLASS_HARD;
}

void classify_event(const struct classifier *classifier, struct arena *arena,
	const struct classify_context *context, struct event *event)
{
	static const struct evidence nothing = {
		.layer = LAYER_NONE, .reason = REASON_UNKNOWN_UNCLASSIFIED, .id = STR_INIT("none")
	};
	struct rule_facts facts = facts_of(classifier->work, context->format, event);
	struct judging j = { .c = classifier,
		.arena = arena,
		.facts = &facts,
		.event = event,
		.sender = context->sender,
		.shared = context->shared };
	const struct evidence *best;

	if (event->outcome != OUTCOME_FAILED && event->outcome != OUTCOME_DELAYED)
		return;
	hear_all(&j, context->remarks);
	best = evidence_settle_by_likeness(&j.list, &j.likeness);
	if (!best)
		best = &nothing;
	event->reason = best->reason;
	event->rule = (struct rule_ref){ best->id, best->layer, best->from, best->to };
	event->confidence = best->confidence;
	event->class = class_of(&j, best);
	account_of_evidence(classifier->explanation, &j.list, best);
}
