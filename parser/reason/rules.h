/* parser/reason/rules.h -- the rules of classification: read from files, compiled, asked in order.
 * Knows: the grammar of a rules file (docs/rules.md), layers, conditions. Does not know mails.
 * A set of rules is read-only after loading and may be shared by threads. Bounds: LIMIT_RULES,
 * LIMIT_RULES_BYTES. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/reason.h"
#include "core/report.h"
#include "core/str.h"
#include "parser/reason/lexicon.h"
#include "parser/text/glob.h"
#include "parser/match/matcher.h"
#include "parser/text/source.h"

struct rules; /* a compiled set */

enum rule_condition {
	RULE_MTA,     /* a host of the refusal: remote or reporting */
	RULE_DOMAIN,  /* the recipient's domain */
	RULE_STATUS,  /* enhanced code: "5.2.1", "5.7.*" */
	RULE_CODE,    /* reply code: "550", "4*" */
	RULE_COMMAND, /* "RCPT", "DATA" */
	RULE_FORMAT,  /* the family of the notice, format.h: "qmail" */
	RULE_HOST,    /* "own": the host that refused lies in the recipient's domain */
	RULE_CONDITION_COUNT
};

struct rule_scope {
	struct glob_words words[RULE_CONDITION_COUNT]; /* without words: not asked */
};
struct rule {
	struct str id; /* "text.user_unknown.3" */
	enum layer layer;
	enum reason reason;
	double confidence;
	const struct rule_scope *scope; /* shared by the patterns of one block */
	struct str pattern;             /* empty: the conditions alone decide */
	bool own;          /* of an operator's file: counts in full wherever it stands */
	struct str source; /* file, for messages */
	unsigned line;
};
struct rule_facts {
	struct str fact[RULE_CONDITION_COUNT]; /* [RULE_MTA] is the remote one */
	struct str reporting_mta;
};
struct rule_hit {
	const struct rule *rule; /* NULL: none */
	size_t from, to;         /* of the text; 0, 0 for a rule without a pattern */
};

/* See parse_rules_load. */
MUST_CHECK enum err rules_load(struct arena *arena, const struct parse_source *sources, size_t n,
	struct rules **ret_rules, struct str *ret_trouble);
void rules_free(struct rules *rules);

/* In the order in which they are asked. */
size_t rules_count(const struct rules *rules);
const struct rule *rules_at(const struct rules *rules, size_t i);
const struct matcher *rules_matcher(const struct rules *rules);
/* The words and frames of the same files. */
const struct lexicon *rules_lexicon(const struct rules *rules);
/* By its id, NULL for none. */
const struct rule *rules_find(const struct rules *rules, struct str id);
/* "mta", as it stands behind `when`. */
bool rule_condition_from_name(struct str name, enum rule_condition *ret_condition);
/* See matcher_serialize. */
struct str rules_serialize(struct arena *arena, const struct rules *rules);

/* The first rule whose pattern occurs in `text` and whose conditions hold. */
struct rule_hit rules_first(const struct rules *rules, struct matcher_scratch *scratch,
	const struct rule_facts *facts, struct str text);
