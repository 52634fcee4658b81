/* parser/reason/classify.h -- why: from the words and codes of a refusal to a reason.
 * Knows: which words are the refusal's own and which stand around it, and gathers the evidence of each layer: exact
 * sentences (rules.h), meaning (meaning.h), likeness (likeness.h), codes (evidence.h). Does not know mails or formats. Pure, given the rules. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/report.h"
#include "parser/reason/likeness.h"
#include "parser/reason/rules.h"

struct classifier {
	const struct rules *rules;
	const struct likeness *likeness; /* NULL: not asked */
	struct matcher_scratch *scratch;
	struct arena *work; /* for what lives no longer than a call; its owner empties it */
	struct buf *
		explanation; /* how each verdict came about, in lines for a person; NULL: not asked */
	struct features *features; /* what was looked at in a refusal; NULL: not asked */
};

/* What the notice says beside the event itself; all may be empty. */
struct classify_context {
	struct str remarks; /* the words for a person, see below */
	struct str format;  /* the family that wrote them */
	struct str sender;  /* of the message that bounced */
	bool shared; /* the notice is about several recipients: its remarks may be another's */
};

/* Fills reason, class, rule and confidence of `event` from its other fields. `remarks` are what the
 * notice says to a person beside the diagnostic: asked only where the diagnostic tells nothing, and
 * never the source of a span. */
void classify_event(const struct classifier *classifier, struct arena *arena,
	const struct classify_context *context, struct event *event);
