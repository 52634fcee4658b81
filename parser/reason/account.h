/* parser/reason/account.h -- how a verdict came about, in lines for a person: clauses, things, states, and what outvoted what.
 * Knows: what meaning and evidence are made of. Pure; writes nothing where `out` is NULL. Bytes of a peer's text go out as
 * they are: valid UTF-8, the printer escapes controls. */
#pragma once
#include "core/buf.h"
#include "parser/reason/evidence.h"
#include "parser/reason/likeness.h"
#include "parser/reason/meaning.h"

/* The clauses of a text with the things and states in them, and the frames that fit. */
void account_of_meaning(struct buf *out, struct str text, const struct meaning *m);
/* The two reasons that a text is most like, and the words that speak most for the first. */
void account_of_likeness(struct buf *out, const struct meaning *m,
	const struct likeness_scores *scores, const struct feature_span *spans, size_t n);
/* All evidence, the strongest first; `best` is marked. */
void account_of_evidence(
	struct buf *out, const struct evidence_list *list, const struct evidence *best);
