/* parser/reason/evidence.h -- what speaks for a reason, and which of several wins.
 * Knows: the layers and how strong each is: exact sentences, meaning, likeness, enhanced codes (RFC 3463), reply codes (RFC 5321 4.2.3),
 * and that doubt never suppresses. Does not know mails. Pure. docs/rules.md says the same in words. */
#pragma once
#include "core/reason.h"
#include "core/report.h"

struct evidence {
	enum layer layer;
	enum reason reason;
	struct str id;
	double strength;   /* 0 to 1: compared with the others */
	double confidence; /* that a verdict by this one is given */
	size_t from, to;   /* of the diagnostic; 0, 0: no words */
	bool never_hard;   /* too little to stop mail for */
	bool own;          /* of an operator's file: likeness does not outvote it */
	bool guard; /* words of somebody else than the recipient: beside it nothing is hard */
};
enum { EVIDENCE_MOST = 16 };
struct evidence_list {
	struct evidence items[EVIDENCE_MOST];
	size_t n;
};
/* Which reason the refusal is like (likeness.h), by how much it leads the next one, and how much it looks like one that mail may be
 * stopped for. */
struct evidence_likeness {
	enum reason reason; /* REASON_NONE: nothing was learnt, or nothing said */
	double score, lead;
	double hard; /* above 0: more like one that mail may be stopped for */
	bool unread; /* the words make no frame: of a language, perhaps, that nobody taught */
};
/* From this strength on words speak plainly. */
#define EVIDENCE_PLAIN 0.8

/* Beyond EVIDENCE_MOST nothing is added. */
void evidence_add(struct evidence_list *list, struct evidence one);
/* The strongest, of equals the one added first; NULL of an empty list. A reason that is hard gives way to one that is not
 * and is nearly as strong, and to a guard. */
const struct evidence *evidence_settle(const struct evidence_list *list);
/* The same where likeness was asked: it says which reason is believed, but beside a sentence that is certain, and where it is in two
 * minds. Of evidence for that reason the strongest; NULL: nothing tells a reason. */
const struct evidence *evidence_settle_by_likeness(
	const struct evidence_list *list, const struct evidence_likeness *likeness);
/* May mail be stopped for a reason that is hard, on this evidence? */
bool evidence_stops(const struct evidence *one, const struct evidence_likeness *likeness);
/* Is it so that likeness, whatever it says, changes nothing? NULL is not. */
bool evidence_is_beyond_doubt(const struct evidence *best);
/* Is a score enough to be heard, of words that a code shows to be a refusal, or of any words? */
bool evidence_likeness_counts(double score, bool has_code);
/* What likeness alone says; false: nothing. `id` and the span are not set. */
bool evidence_of_likeness(const struct evidence_likeness *likeness, struct evidence *ret_evidence);

enum sentence_kind {
	SENTENCE_OF_PROVIDER, /* means something of its own at one provider: nothing is stronger */
	SENTENCE_OWN,         /* of an operator's file, who knows what it means to him */
	SENTENCE_SCOPED,      /* asked for a code, a host or a family as well */
	SENTENCE_GUARD,       /* said of somebody else */
	SENTENCE_PLAIN,       /* counts as much as it is of the words that were said */
};
/* Strength and confidence of an exact sentence; `part`: how much of the words it is, 0 to 1. */
struct evidence evidence_of_sentence(enum sentence_kind kind, double confidence, double part);
/* What an enhanced code alone says; false for one that says nothing. `id` is not set. */
bool evidence_of_status(struct str status, struct evidence *ret_evidence);
/* What a reply code alone says, at a step of the dialogue ("RCPT", may be empty). `id` is not set. */
bool evidence_of_code(unsigned reply_code, struct str command, struct evidence *ret_evidence);
