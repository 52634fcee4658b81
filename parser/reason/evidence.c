#include "parser/reason/evidence.h"

#include "core/status_code.h"

/* How much of what was said a sentence must be to count in full, and what is left of one that is next to nothing. One with a
 * confidence of SENTENCE_CERTAIN counts in full wherever it stands. */
#define SENTENCE_WHOLE       0.6
#define SENTENCE_LEAST       0.55
#define SENTENCE_CERTAIN     0.97
#define SENTENCE_BELIEVED    0.75
#define SENTENCE_OF_GUARD    0.87
#define SENTENCE_OF_OPERATOR 1.1

/* Doubt: how near a harmless ground must come to take the place of a hard one, and what is left of a hard one beside a guard
 * or beside a harmless meaning. */
#define DOUBT               0.05
#define MEANING_HEARD       0.7
#define HARD_BESIDE_GUARD   0.32
#define HARD_BESIDE_MEANING 0.78

/* Likeness. By how much the reason that it is most like must lead the next to be believed against words that speak plainly, and
 * against words that hardly leave a doubt. All figures here are the best of those tried on lists that were not learnt from
 * (bench/parser/bench_first_sight; docs/accuracy.md). */
#define LEAD_OF_PLAIN 0.2
#define LEAD_OF_SURE  0.4
/* Against a provider's own sentence, of which a part may stand in words that say another thing. */
#define LEAD_OF_PROVIDER 1.2
#define PLAIN_WORDS      0.7
#define SURE_WORDS       0.95
/* No stronger codes give way to "no reason is told". */
#define BELIEF_IN_CODES 0.5
/* How much a refusal must look like one to stop mail for, and where a sentence is certain. */
#define HARD_LEAST       0.15
#define HARD_OF_SENTENCE (-0.5)
/* How sure a score makes: at 0, less for each 1 below, more for each 1 above, within bounds. Half were right at -0.5, nearly all
 * above 0.3. */
#define SURE_AT_0  0.85
#define SURE_BELOW 0.7
#define SURE_ABOVE 0.3
#define SURE_LEAST 0.4
#define SURE_MOST  0.95
/* The least score of words that no code shows to be a refusal. */
#define WITHOUT_A_CODE 0.3

/* Registered codes; those of one subject that says little count less, and X.n.0 least. */
#define STATUS_PLAIN   0.70
#define STATUS_NARROW  0.93
#define STATUS_BROAD   0.50
#define STATUS_SUBJECT 0.40
#define STATUS_MEDIA   0.78 /* X.6.n is about the message and nothing else */
#define CODE_ALONE     0.35

void evidence_add(struct evidence_list *list, struct evidence one)
{
	if (list->n < EVIDENCE_MOST)
		list->items[list->n++] = one;
}

static bool is_hard(const struct evidence *one)
{
	return reason_class(one->reason) == CLASS_HARD;
}

static bool is_words(const struct evidence *one)
{
	return one->layer != LAYER_STATUS && one->layer != LAYER_CODE;
}

static bool has_guard(const struct evidence_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].guard)
			return true;
	return false;
}

/* The strongest meaning that is not hard; NULL without one. */
static const struct evidence *harmless_meaning(const struct evidence_list *list)
{
	const struct evidence *first = NULL;

	for (size_t i = 0; i < list->n && !first; i++)
		if (list->items[i].layer == LAYER_MEANING)
			first = &list->items[i];
	return first && !is_hard(first) && first->strength > MEANING_HEARD ? first : NULL;
}

/* A meaning that is hard beside a guard is next to nothing; an exact sentence that is hard where the words mean
 * something harmless is less. */
static double weight_of(const struct evidence_list *list, const struct evidence *one)
{
	if (!is_hard(one))
		return one->strength;
	if (one->layer == LAYER_MEANING && has_guard(list))
		return one->strength * HARD_BESIDE_GUARD;
	if (one->layer == LAYER_TEXT && one->strength < SENTENCE_CERTAIN && harmless_meaning(list))
		return one->strength * HARD_BESIDE_MEANING;
	return one->strength;
}

static const struct evidence *strongest(const struct evidence_list *list)
{
	const struct evidence *best = NULL;

	for (size_t i = 0; i < list->n; i++)
		if (!best || weight_of(list, &list->items[i]) > weight_of(list, best))
			best = &list->items[i];
	return best;
}

const struct evidence *evidence_settle(const struct evidence_list *list)
{
	const struct evidence *best = strongest(list), *other = NULL;

	if (!best || !is_hard(best) || best->strength >= 1)
		return best;
	for (size_t i = 0; i < list->n; i++) {
		const struct evidence *one = &list->items[i];

		if (is_words(one) && !is_hard(one) &&
			one->strength >= weight_of(list, best) - DOUBT &&
			(!other || one->strength > other->strength))
			other = one;
	}
	return other ? other : best;
}

/* What an operator wrote; a sentence that is known, and is the most of what was said. */
static bool is_certain(const struct evidence *one)
{
	return one->own || ((one->layer == LAYER_PROVIDER || one->layer == LAYER_TEXT) &&
				   !one->guard && one->strength >= SENTENCE_BELIEVED);
}

bool evidence_is_beyond_doubt(const struct evidence *best)
{
	return best && is_certain(best) &&
	       (best->own || (!is_hard(best) && best->layer != LAYER_PROVIDER));
}

/* How much likeness must lead to be believed against words of such a strength. */
static double lead_against(double strength)
{
	return strength >= SURE_WORDS ? LEAD_OF_SURE : strength >= PLAIN_WORDS ? LEAD_OF_PLAIN : 0;
}

const struct evidence *evidence_settle_by_likeness(
	const struct evidence_list *list, const struct evidence_likeness *likeness)
{
	const struct evidence *best = evidence_settle(list), *believed = NULL;

	if (likeness->reason == REASON_NONE || (best && is_certain(best) &&
						       (best->own || best->layer == LAYER_TEXT ||
							       likeness->lead < LEAD_OF_PROVIDER)))
		return best;
	if (likeness->reason == REASON_UNKNOWN_UNCLASSIFIED)
		return best && !is_words(best) && best->strength <= BELIEF_IN_CODES ? NULL : best;
	if (best && is_words(best) && likeness->lead < lead_against(best->strength))
		return best;
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].reason == likeness->reason &&
			(!believed || list->items[i].strength > believed->strength))
			believed = &list->items[i];
	return believed ? believed : best;
}

bool evidence_stops(const struct evidence *one, const struct evidence_likeness *likeness)
{
	if (one->never_hard)
		return false;
	if (likeness->reason == REASON_NONE || one->own || one->layer == LAYER_PROVIDER)
		return true;
	/* Words that nobody can read do not contradict a code; what they look like is chance. */
	if (is_certain(one) || (likeness->unread && one->layer == LAYER_STATUS))
		return likeness->hard >= HARD_OF_SENTENCE;
	return likeness->hard >= HARD_LEAST;
}

/* How sure a score makes, as it was right on lists at first sight: half of the time at -0.5, nearly always above 0.3. */
static double sureness(double score)
{
	double sure = SURE_AT_0 + score * (score < 0 ? SURE_BELOW : SURE_ABOVE);

	return sure > SURE_MOST ? SURE_MOST : sure < SURE_LEAST ? SURE_LEAST : sure;
}

bool evidence_likeness_counts(double score, bool has_code)
{
	return has_code || score >= WITHOUT_A_CODE;
}

bool evidence_of_likeness(const struct evidence_likeness *likeness, struct evidence *ret_evidence)
{
	double sure = sureness(likeness->score);

	if (likeness->reason == REASON_NONE || likeness->reason == REASON_UNKNOWN_UNCLASSIFIED)
		return false;
	*ret_evidence = (struct evidence){ .layer = LAYER_LIKENESS,
		.reason = likeness->reason,
		.strength = sure,
		.confidence = sure };
	return true;
}

struct evidence evidence_of_sentence(enum sentence_kind kind, double confidence, double part)
{
	struct evidence one = { .confidence = confidence,
		.guard = kind == SENTENCE_GUARD,
		.own = kind == SENTENCE_OWN };
	double whole = part < SENTENCE_WHOLE ? part / SENTENCE_WHOLE : 1;

	switch (kind) {
	case SENTENCE_OF_PROVIDER:
		one.strength = 1;
		break;
	case SENTENCE_OWN:
		one.strength = SENTENCE_OF_OPERATOR;
		break;
	case SENTENCE_SCOPED:
		one.strength = SENTENCE_CERTAIN;
		break;
	case SENTENCE_GUARD:
		one.strength = confidence * SENTENCE_OF_GUARD;
		break;
	default:
		one.strength =
			confidence >= SENTENCE_CERTAIN
				? confidence
				: confidence * (SENTENCE_LEAST + (1 - SENTENCE_LEAST) * whole);
	}
	return one;
}

/* Codes that servers write for many grounds: refused (X.7.1), the system (X.3.n), the protocol (X.5.n). */
static bool is_broad(struct status_code code)
{
	return code.subject == 3 || code.subject == 5 || (code.subject == 7 && code.detail < 2);
}

/* Codes with one ground and one side, which is the sender's: its address (RFC 3463 3.2), and what is checked of its name and its domain
 * (RFC 7372, RFC 7505 4.2). */
static bool is_narrow(struct status_code code)
{
	return (code.subject == 1 && (code.detail == 7 || code.detail == 8)) ||
	       (code.subject == 7 && code.detail >= 20 && code.detail <= 27);
}

/* "Unable to route" for now is the DNS's fault, for good the domain's: reasons.tsv has 5.4.4 with domain.nonexistent. */
static enum reason reason_of(struct status_code code)
{
	if (code.class == 5 && code.subject == 4 && code.detail == 4)
		return REASON_DOMAIN_NONEXISTENT;
	return status_code_reason(code);
}

bool evidence_of_status(struct str status, struct evidence *ret_evidence)
{
	struct evidence one = { .layer = LAYER_STATUS };
	struct status_code code;

	if (!status_code_parse(status, &code))
		return false;
	one.reason = reason_of(code);
	if (one.reason == REASON_NONE || one.reason == REASON_UNKNOWN_UNCLASSIFIED)
		return false;
	one.strength = code.subject == 6                               ? STATUS_MEDIA
		       : !code.detail || !status_code_registered(code) ? STATUS_SUBJECT
		       : is_broad(code)                                ? STATUS_BROAD
		       : is_narrow(code)                               ? STATUS_NARROW
								       : STATUS_PLAIN;
	one.confidence = one.strength;
	*ret_evidence = one;
	return true;
}

enum { SOFT, HARD };
static const struct {
	unsigned code;
	struct str command;
	enum reason reason;
	int hard;
} reply_codes[] = {
#define REPLY_CODE(code, command, reason, hard) { code, STR_INIT(command), REASON_##reason, hard },
#include "parser/reason/reply_codes.def"
};

bool evidence_of_code(unsigned reply_code, struct str command, struct evidence *ret_evidence)
{
	for (size_t i = 0; i < ARRAY_LEN(reply_codes); i++) {
		if (reply_codes[i].code != reply_code ||
			(reply_codes[i].command.n && !str_eq(reply_codes[i].command, command)))
			continue;
		*ret_evidence = (struct evidence){ .layer = LAYER_CODE,
			.reason = reply_codes[i].reason,
			.strength = CODE_ALONE,
			.confidence = CODE_ALONE,
			.never_hard = reply_codes[i].hard == SOFT };
		return true;
	}
	return false;
}
