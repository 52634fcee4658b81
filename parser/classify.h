/* parser/classify.h -- why: from the words and codes of a refusal to a reason.
 * Knows: the layers and their order: provider rules, text rules, the registry of enhanced codes.
 * Does not know mails or formats. Pure, given the rules. */
#pragma once
#include "core/arena.h"
#include "core/report.h"
#include "parser/rules.h"

struct classifier {
	const struct rules *rules;
	struct matcher_scratch *scratch;
};

/* Fills reason, class, rule and confidence of `event` from its other fields. `remarks` is what the
 * notice says to a person beside the diagnostic: asked only where the diagnostic tells nothing, and
 * never the source of a span. */
void classify_event(const struct classifier *classifier, struct arena *arena, struct str remarks,
	struct event *event);
